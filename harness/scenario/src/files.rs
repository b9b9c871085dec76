//! The files that a scenario names, read when a step needs them: [`helm_values`], [`manifests`], [`attributes`].

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use yaml::scalar::Rules;
use yaml::tree::{Entry, Node, Value as NodeValue};
use yaml::{Diagnostic, Sources, Span, tree};

use crate::Invalid;
use crate::expand::of_value;
use crate::expression::{ExpressionError, Names, OPEN, interpolate};

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

/// Replaces the expressions in a tree's scalars.
fn replace(node: &mut Node, file: &str, source: &str, names: &dyn Names) -> Result<(), Box<Diagnostic>> {
    match &mut node.value {
        NodeValue::Scalar(scalar) if scalar.text.contains(OPEN) => {
            let replaced = interpolate(&scalar.text, names);
            let value = replaced.map_err(|error| Box::new(diagnostic(&error, &scalar.text, node.span, file, source)))?;
            *node = of_value(&value, node.span);
            Ok(())
        }
        NodeValue::Scalar(_) => Ok(()),
        NodeValue::Sequence(nodes) => nodes.iter_mut().try_for_each(|node| replace(node, file, source, names)),
        NodeValue::Mapping(entries) => entries.iter_mut().try_for_each(|entry| match expression_in_key(entry, file) {
            Some(diagnostic) => Err(Box::new(diagnostic)),
            None => replace(&mut entry.value, file, source, names),
        }),
    }
}

/// Keys are not resolved; an expression in one is a mistake.
pub(crate) fn expression_in_key(entry: &Entry, file: &str) -> Option<Diagnostic> {
    let message = "expressions stand in values, not in keys";
    entry
        .key
        .text
        .contains(OPEN)
        .then(|| Diagnostic::error("expression-place", message).at(file, entry.key_span))
}

/// An expression's error with its place in the file: where the expression stands in the scalar's source as it is, else
/// the whole scalar.
pub(crate) fn diagnostic(error: &ExpressionError, text: &str, scalar: Span, file: &str, source: &str) -> Diagnostic {
    // Look for the text from `${{` on, at which the range starts or in which it stands.
    let inside = (error.range.start + OPEN.len()).min(text.len());
    let open = text
        .get(..inside)
        .and_then(|before| before.rfind(OPEN))
        .unwrap_or(error.range.start);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;
    use serde_json::json;

    struct Fixed;

    impl Names for Fixed {
        fn resolve(&self, expression: &Expression) -> Result<Value, String> {
            match expression {
                Expression::Service { .. } => Err("there is no such Service".into()),
                expression => Ok(format!("<{expression}>").into()),
            }
        }
    }

    fn written(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn values_are_read_as_helm_reads_them() {
        let file = written("a: ${{ run.seed }}\nb: [no, 0755, 'x ${{ vars.v }}']\n# ${{ not read }}\n");
        assert_eq!(
            helm_values(file.path(), &Fixed).unwrap(),
            json!({"a": "<run.seed>", "b": [false, 493, "x <vars.v>"]})
        );
        assert_eq!(helm_values(written("# nothing\n").path(), &Fixed).unwrap(), json!({}));
        assert_eq!(manifests(written("a: 1\n---\nb: 2\n").path(), &Fixed).unwrap().len(), 2);
    }

    #[test]
    fn an_expression_without_value_has_its_place() {
        let file = written("a:\n  b: |\n    first\n    x ${{ clusters.c.services['n/s:1'].pods }}\n");
        let invalid = helm_values(file.path(), &Fixed).unwrap_err();
        let diagnostic = invalid.diagnostics.iter().next().unwrap();
        let span = diagnostic.span.unwrap();
        assert_eq!((span.line, span.column), (4, 7));
        assert!(
            diagnostic.message.ends_with("has no value: there is no such Service"),
            "{}",
            diagnostic.message
        );
    }
}
