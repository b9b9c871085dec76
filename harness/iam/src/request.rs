//! What is asked for, and by whom.

use std::collections::BTreeMap;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A token of an OIDC provider of the account: the provider's ARN.
    WebIdentity(String),
    /// A session of a role: the role's ARN.
    Role(String),
}

/// A request to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// As `s3:GetObject`.
    pub action: &'a str,
    /// The resource's ARN; none where an action has none.
    pub resource: Option<&'a str>,
    /// What conditions look at.
    pub keys: &'a Keys,
}

/// The values of condition keys. Names are the same in upper and lower case, values are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<String, Vec<String>>);

impl Keys {
    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a key.
    #[must_use]
    pub fn with<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.0.insert(key.to_lowercase(), values.into_iter().map(Into::into).collect());
        self
    }

    /// The values of a key; none if it is not there.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_lowercase()).map(Vec::as_slice)
    }

    /// The keys' names in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
