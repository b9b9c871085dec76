//! What is written once and stands for many, before types are read: the cells of a `matrix`, clusters of one shape, steps under a `for`, and
//! the values of `vars`, `each` and `namespaces` wherever they are named.
//!
//! All of it goes from tree to tree, and every node keeps the place that it was written at. So what comes after, types and checks, knows of
//! plain clusters and plain steps only, and its errors point into the file as it is.

mod matrix;
mod namespaces;
mod repeat;
mod substitute;
mod topology;

pub(crate) use matrix::{Cell, Matrix, cells};
pub(crate) use repeat::{For, steps};
pub(crate) use topology::{Shape, clusters};

use std::collections::BTreeMap;

use crate::kinds::Kinds;
use serde::de::DeserializeOwned;
use serde_json::Value;
use yaml::scalar::Rules;
use yaml::tree::{Entry, Node, Scalar, Value as NodeValue};
use yaml::{Diagnostic, Diagnostics, Span, strict};

/// What is known of a run besides its file.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values of `vars` that win over the file's, as texts. Of an axis of the matrix, the cells with this value are left.
    pub vars: BTreeMap<String, String>,
    /// The run's id; names of namespaces are made from it.
    pub run: String,
    /// What is known of objects' kinds; without, their fields are not checked.
    pub kinds: Option<&'static dyn Kinds>,
}

impl Given {
    /// Nothing but the run's id.
    pub fn of(run: &str) -> Self {
        Self {
            vars: BTreeMap::new(),
            run: run.to_owned(),
            kinds: None,
        }
    }
}

/// The file, for messages.
pub(crate) struct Source<'s> {
    pub(crate) file: &'s str,
    pub(crate) text: &'s str,
    pub(crate) diagnostics: &'s mut Diagnostics,
}

impl Source<'_> {
    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, message).at(self.file, span));
    }

    pub(crate) fn helped(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics
            .push(Diagnostic::error(code, message).at(self.file, span).help(help));
    }

    /// Reads a type, and reports what is wrong with it.
    fn read<T: DeserializeOwned>(&mut self, node: &Node) -> Option<T> {
        strict::from_node(node)
            .map_err(|error| self.diagnostics.push(error.diagnostic(self.file)))
            .ok()
    }

    /// Reads a value of any type. Numbers must be as they look: `1.30` is no version.
    fn value(&mut self, node: &Node) -> Option<Value> {
        let value = self.read(node)?;
        self.plain(node).then_some(value)
    }

    fn plain(&mut self, node: &Node) -> bool {
        match &node.value {
            NodeValue::Scalar(scalar) => match scalar.resolve(Rules::Core) {
                Some(Value::Number(number)) if number.to_string() != scalar.text => {
                    let message = format!("`{}` is the number {number}", scalar.text);
                    self.helped(
                        "ambiguous-number",
                        node.span,
                        message,
                        "put it in quotes if it is a text, a version for example",
                    );
                    false
                }
                _ => true,
            },
            NodeValue::Sequence(nodes) => nodes.iter().all(|node| self.plain(node)),
            NodeValue::Mapping(entries) => entries.iter().all(|entry| self.plain(&entry.value)),
        }
    }
}

/// A value as a tree, all of it at one place.
pub(crate) fn of_value(value: &Value, span: Span) -> Node {
    let scalar = |text: String, plain: bool| NodeValue::Scalar(Scalar { text, plain });
    let value = match value {
        Value::String(text) => scalar(text.clone(), false),
        Value::Null | Value::Bool(_) | Value::Number(_) => scalar(value.to_string(), true),
        Value::Array(items) => NodeValue::Sequence(items.iter().map(|item| of_value(item, span)).collect()),
        Value::Object(fields) => NodeValue::Mapping(
            fields
                .iter()
                .map(|(key, value)| Entry {
                    key: key_of(key),
                    key_span: span,
                    value: of_value(value, span),
                })
                .collect(),
        ),
    };
    Node { span, value }
}

fn key_of(text: &str) -> Scalar {
    Scalar {
        text: text.to_owned(),
        plain: false,
    }
}

/// Takes an entry out of a mapping.
fn take(root: &mut Node, key: &str) -> Option<Entry> {
    let NodeValue::Mapping(entries) = &mut root.value else {
        return None;
    };
    let at = entries.iter().position(|entry| entry.key.text == key)?;
    Some(entries.remove(at))
}

/// The value of a mapping's key, to be changed.
pub(crate) fn get_mut<'n>(root: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let NodeValue::Mapping(entries) = &mut root.value else {
        return None;
    };
    entries.iter_mut().find(|entry| entry.key.text == key).map(|entry| &mut entry.value)
}
