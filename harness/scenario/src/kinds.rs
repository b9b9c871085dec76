//! What is known of kinds of objects before anything runs.

use std::fmt::Debug;

use serde_json::Value;

/// Knows kinds by their schemas, so that a misspelt field is found before a run: in a condition, it would only ever be missing.
pub trait Kinds: Debug + Sync {
    /// The kinds of a version whose kinds are all known; `None` for versions that custom kinds may have.
    fn of_version(&self, api_version: &str) -> Option<Vec<String>>;

    /// Whether objects of a kind are in namespaces; `None` for kinds that are not known.
    fn is_namespaced(&self, api_version: &str, kind: &str) -> Option<bool>;

    /// The first field that objects of a kind do not have; `None` if there is none, or the kind is not known.
    fn unknown_field(&self, api_version: &str, kind: &str, fields: &Value) -> Option<UnknownField>;

    /// What is wrong with a condition on objects of a kind, of those things that its types tell.
    ///
    /// # Errors
    /// In CEL's words.
    fn condition(&self, api_version: &str, kind: &str, text: &str) -> Result<(), String>;
}

/// A field that a kind does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// Where it stands: names of fields, and positions in lists.
    pub path: Vec<Key>,
    /// Fields that there are in its place.
    pub known: Vec<String>,
}

/// A step to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A field's name.
    Field(String),
    /// A position in a list, from 0.
    Item(usize),
}
