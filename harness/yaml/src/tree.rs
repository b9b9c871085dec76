//! A YAML file as a tree in which every key and value knows its place.

use serde_json::Value as Json;

use crate::scalar::Rules;
use crate::{Error, ErrorKind, Span, load};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands; a collection's span starts at its first character and is one line at most, fit for a caret.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping in file order, merge keys (`<<`) expanded.
    Mapping(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Scalar,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A single value as written, quotes and escapes removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// Whether it is written without quotes and tag, so that its text decides its type.
    pub plain: bool,
}

impl Scalar {
    /// Its value by the given rules; `None` when JSON cannot hold it.
    pub fn resolve(&self, rules: Rules) -> Option<Json> {
        if self.plain {
            rules.resolve(&self.text)
        } else {
            Some(Json::String(self.text.clone()))
        }
    }

    /// As a mapping key: Go's tools resolve keys too, so that `on:` is the key `true`. `None`: null, or no JSON.
    pub fn resolve_key(&self, rules: Rules) -> Option<String> {
        match self.resolve(rules)? {
            Json::String(text) => Some(text),
            Json::Null => None,
            other => Some(other.to_string()),
        }
    }
}

/// The only document of a text; `None` when there is nothing but comments.
///
/// # Errors
/// Not YAML, a duplicate key, an alias bomb, or several documents.
pub fn parse(text: &str) -> Result<Option<Node>, Error> {
    let mut documents = documents(text)?;
    match documents.len() {
        0 | 1 => Ok(documents.pop()),
        n => Err(Error::new(documents[1].span, ErrorKind::Documents(n))),
    }
}

/// All documents of a text, empty ones left out.
///
/// # Errors
/// Not YAML, a duplicate key, or an alias bomb.
pub fn documents(text: &str) -> Result<Vec<Node>, Error> {
    load::documents(text)
}

/// A step into a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The value of a mapping's key.
    Key(&'a str),
    /// An element of a list, from 0.
    Index(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Step::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Step::Index(index)
    }
}

impl Node {
    /// The node at a path of keys and indices.
    pub fn at<'p>(&self, path: impl IntoIterator<Item = impl Into<Step<'p>>>) -> Option<&Node> {
        path.into_iter().try_fold(self, |node, step| match step.into() {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.sequence()?.get(index),
        })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value and both positions.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.mapping()?.iter().find(|entry| entry.key.text == key)
    }

    /// The text of a scalar, whatever its type.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// The entries of a mapping, in file order.
    pub fn mapping(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether it is null: `~`, `null` or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.resolve(Rules::Core) == Some(Json::Null))
    }

    /// As JSON.
    ///
    /// # Errors
    /// Infinity and not-a-number, a null key, or two keys that these rules read as the same (`on` and `true`).
    pub fn to_json(&self, rules: Rules) -> Result<Json, Error> {
        match &self.value {
            Value::Scalar(scalar) => scalar
                .resolve(rules)
                .ok_or_else(|| Error::new(self.span, ErrorKind::NotJson(scalar.text.clone()))),
            Value::Sequence(nodes) => nodes.iter().map(|node| node.to_json(rules)).collect(),
            Value::Mapping(entries) => {
                let mut map = serde_json::Map::new();
                for entry in entries {
                    let not_json = || Error::new(entry.key_span, ErrorKind::NotJson(entry.key.text.clone()));
                    let key = entry.key.resolve_key(rules).ok_or_else(not_json)?;
                    if map.contains_key(&key) {
                        return Err(Error::new(entry.key_span, ErrorKind::DuplicateKey { key, first: self.span }));
                    }
                    map.insert(key, entry.value.to_json(rules)?);
                }
                Ok(Json::Object(map))
            }
        }
    }
}
