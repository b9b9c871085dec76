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
    yaml::strict::from_str(&text).map_err(|error| invalid(path, text, error.diagnostic(path.display().to_string())))
}

fn documents(path: &Path, names: &dyn Names) -> Result<Vec<Value>, Invalid> {
    let text = read(path)?;
    let file = path.display().to_string();
    let values = tree::documents(&text)
        .map_err(|error| Box::new(error.diagnostic(&file)))
        .and_then(|mut documents| {
            documents.iter_mut().try_for_each(|node| replace(node, &file, &text, names))?;
            let values: Result<Vec<_>, _> = documents.iter().map(|node| node.to_json(Rules::Kubernetes)).collect();
            values.map_err(|error| Box::new(error.diagnostic(&file)))
        });
    values.map_err(|diagnostic| invalid(path, text, *diagnostic))
}

/// Replaces the expressions in a tree's scalars. What had an expression is a text afterwards.
fn replace(node: &mut Node, file: &str, source: &str, names: &dyn Names) -> Result<(), Box<Diagnostic>> {
    match &mut node.value {
        NodeValue::Scalar(scalar) if scalar.text.contains("${{") => {
            let replaced = interpolate(&scalar.text, names);
            scalar.text = replaced.map_err(|error| Box::new(diagnostic(&error, &scalar.text, node.span, file, source)))?;
            scalar.plain = false;
            Ok(())
        }
        NodeValue::Scalar(_) => Ok(()),
        NodeValue::Sequence(nodes) => nodes.iter_mut().try_for_each(|node| replace(node, file, source, names)),
        NodeValue::Mapping(entries) => entries
            .iter_mut()
            .try_for_each(|entry| replace(&mut entry.value, file, source, names)),
    }
}

/// An expression's error with its place in the file: where the expression stands in the scalar's source as it is, else
/// the whole scalar.
pub(crate) fn diagnostic(error: &ExpressionError, text: &str, scalar: Span, file: &str, source: &str) -> Diagnostic {
    let open = text[..error.range.start.max(3).min(text.len())].rfind("${{").unwrap_or_default();
    let written = source[scalar.offset..].find(&text[open..error.range.end]);
    let span = match written {
        Some(at) if !error.range.is_empty() => {
            let offset = scalar.offset + at + error.range.start - open;
            let line_start = source[..offset].rfind('\n').map_or(0, |newline| newline + 1);
            Span {
                offset,
                len: error.range.len(),
                line: scalar.line + source[scalar.offset..offset].matches('\n').count(),
                column: source[line_start..offset].chars().count() + 1,
            }
        }
        _ => scalar,
    };
    let mut diagnostic = Diagnostic::error("expression", error.message.clone()).at(file, span);
    diagnostic.help.clone_from(&error.help);
    diagnostic
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

fn invalid(path: &Path, text: String, diagnostic: Diagnostic) -> Invalid {
    let mut sources = Sources::default();
    sources.add(path.display().to_string(), text);
    Invalid {
        diagnostics: diagnostic.into(),
        sources,
    }
}
