//! What a rendering is given.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Capabilities;
use crate::values::Values;

/// An object that a chart asks for with `lookup`; an empty name asks for a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LookupKey {
    /// As `apps/v1`.
    pub api_version: String,
    /// As `Deployment`.
    pub kind: String,
    /// Empty for all namespaces or cluster-scoped kinds.
    pub namespace: String,
    /// Empty for a list.
    pub name: String,
}

impl std::fmt::Display for LookupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}/{}", self.api_version, self.kind, self.namespace, self.name)
    }
}

/// `.Release`.
#[derive(Clone, Debug)]
pub struct ReleaseInfo {
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Revision this rendering becomes, from 1.
    pub revision: u32,
    /// The rendering is for an upgrade (or rollback), not an install.
    pub upgrade: bool,
}

/// Everything besides the chart that a rendering depends on.
#[derive(Clone, Debug)]
pub struct RenderInput {
    /// The release.
    pub release: ReleaseInfo,
    /// The user's values.
    pub values: Values,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// The time that `now` answers.
    pub now: jiff::Timestamp,
    /// Seed of `randAlphaNum` and its kin.
    pub seed: u64,
    /// Answers to `lookup`; an object that is not there is an empty mapping.
    pub lookups: BTreeMap<LookupKey, Value>,
}

impl RenderInput {
    /// An install of `name` into `namespace` with default capabilities, no
    /// lookups, seed 0 and the given time.
    pub fn install(name: &str, namespace: &str, values: Values, now: jiff::Timestamp) -> Self {
        RenderInput {
            release: ReleaseInfo {
                name: name.to_owned(),
                namespace: namespace.to_owned(),
                revision: 1,
                upgrade: false,
            },
            values,
            capabilities: Capabilities::default(),
            now,
            seed: 0,
            lookups: BTreeMap::new(),
        }
    }
}
