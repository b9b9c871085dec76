//! The files that a scenario names, read when a step needs them: [`helm_values`], [`manifests`], [`attributes`].

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use yaml::scalar::Rules;
use yaml::tree::{Node, Value as NodeValue};
use yaml::{Diagnostic, Sources, Span, tree};

use crate::Invalid;
use crate::expression::{ExpressionError, Names, interpolate};

/// A file of `flytectl update execution-cluster-label --attrFile`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeFile {
    /// The project.
    pub project: String,
    /// The domain; empty: the label is the project's.
    #[serde(default)]
    pub domain: String,
    /// The workflow; empty: the label is the domain's.
    #[serde(default)]
    pub workflow: String,
    /// The label.
    pub value: String,
}

/// A Helm values file with its expressions replaced; an empty file is an empty map.
///
/// # Errors
/// Not readable, not YAML, or an expression without value; with the place in that file.
pub fn helm_values(path: &Path, names: &dyn Names) -> Result<Value, Invalid> {
    let documents = documents(path, names)?;
    Ok(documents
        .into_iter()
        .next()
        .unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}

/// All documents of a manifest file with their expressions replaced.
///
/// # Errors
/// As [`helm_values`].
pub fn manifests(path: &Path, names: &dyn Names) -> Result<Vec<Value>, Invalid> {
    documents(path, names)
}

/// An attribute file of flytectl.
///
/// # Errors
/// Not readable, not YAML, or other fields than flytectl knows.
pub fn attributes(path: &Path) -> Result<AttributeFile, Invalid> {
    let text = read(path)?;
    yaml::strict::from_str(&text).map_err(|error| invalid(path, text, |file| error.diagnostic(file)))
}

fn documents(path: &Path, names: &dyn Names) -> Result<Vec<Value>, Invalid> {
    let text = read(path)?;
    let result = tree::documents(&text)
        .map_err(|error| (error.diagnostic(""), error.span))
        .and_then(|mut documents| {
            documents.iter_mut().try_for_each(|node| replace(node, &text, names))?;
            let values: Result<Vec<_>, _> = documents.iter().map(|node| node.to_json(Rules::Kubernetes)).collect();
            values.map_err(|error| (error.diagnostic(""), error.span))
        });
    result.map_err(|(diagnostic, span)| invalid(path, text, |file| diagnostic.at(file, span)))
}

/// Replaces the expressions in a tree's scalars. What had an expression is a text afterwards.
fn replace(node: &mut Node, source: &str, names: &dyn Names) -> Result<(), (Diagnostic, Span)> {
    match &mut node.value {
        NodeValue::Scalar(scalar) if scalar.text.contains("${{") => {
            scalar.text = interpolate(&scalar.text, names).map_err(|error| diagnostic(&error, &scalar.text, node.span, source))?;
            scalar.plain = false;
            Ok(())
        }
        NodeValue::Scalar(_) => Ok(()),
        NodeValue::Sequence(nodes) => nodes.iter_mut().try_for_each(|node| replace(node, source, names)),
        NodeValue::Mapping(entries) => entries.iter_mut().try_for_each(|entry| replace(&mut entry.value, source, names)),
    }
}

/// An expression's error with its place in the file: that of the expression in the scalar's source where it stands there
/// as it is, else the whole scalar.
pub(crate) fn diagnostic(error: &ExpressionError, text: &str, scalar: Span, source: &str) -> (Diagnostic, Span) {
    let mut diagnostic = Diagnostic::error("expression", error.message.clone());
    diagnostic.help.clone_from(&error.help);
    let written = &source[scalar.range()];
    let span = match (written.find(text), error.range.is_empty()) {
        (Some(at), false) => Span {
            offset: scalar.offset + at + error.range.start,
            len: error.range.len(),
            line: scalar.line,
            column: scalar.column + written[..at].chars().count() + text[..error.range.start].chars().count(),
        },
        _ => scalar,
    };
    (diagnostic, span)
}

fn read(path: &Path) -> Result<String, Invalid> {
    std::fs::read_to_string(path).map_err(|error| {
        let mut diagnostic = Diagnostic::error("file-unreadable", format!("cannot read the file: {error}"));
        diagnostic.file = Some(path.display().to_string());
        Invalid {
            diagnostics: diagnostic.into(),
            sources: Sources::default(),
        }
    })
}

fn invalid(path: &Path, text: String, diagnostic: impl FnOnce(String) -> Diagnostic) -> Invalid {
    let file = path.display().to_string();
    let mut sources = Sources::default();
    sources.add(file.clone(), text);
    Invalid {
        diagnostics: diagnostic(file).into(),
        sources,
    }
}
