//! Credentials across clusters.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yaml::Spanned;

use super::Fails;
use crate::{ClusterId, NamespacedName, OneOrMany};

/// Credentials of `from` clusters for the `to` cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// The service account in each `from` cluster, as `namespace/name`. It must exist there.
    pub service_account: NamespacedName,
    /// The clusters that the credentials are for.
    pub from: OneOrMany<String>,
    /// Where the credentials go.
    pub to: GrantTarget,
    /// Other key names in the Secret than `<id>_token` and `<id>_cacert`, by cluster.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<ClusterId, KeyNames>")]
    pub keys: IndexMap<ClusterId, KeyNames>,
    /// Stores credentials with a mistake in them, to see what comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoil: Option<Spoil>,
    /// Tries each credential from inside a pod of the `to` cluster, and fails if one does not serve.
    #[serde(default = "yes")]
    pub probe: bool,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

fn yes() -> bool {
    true
}

/// The Secret that collects the credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantTarget {
    /// The cluster.
    pub cluster: Spanned<ClusterId>,
    /// The Secret as `namespace/name`; created if it is missing. The namespace is created too.
    pub secret: NamespacedName,
}

/// Key names in the credentials Secret; what is left out keeps its usual name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KeyNames {
    /// Instead of `<id>_token`.
    pub token: Option<String>,
    /// Instead of `<id>_cacert`.
    pub cacert: Option<String>,
}

/// A mistake that people make by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Spoil {
    /// The token ends in a newline, as when it is pasted as block text.
    TokenNewline,
    /// The CA is another cluster's: that of the `to` cluster.
    WrongCa,
}
