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
    /// The clusters that the credentials are for: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub from: OneOrMany<String>,
    /// Where the credentials go.
    pub to: GrantTarget,
    /// Name of the token's own Secret in each `from` cluster, where it is not `<id>-token` (without `_`). With another one, an account has two
    /// tokens, of which one can be revoked while the other serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// What can be wrong with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Spoil {
    /// The token ends in a newline, as when it is pasted as block text.
    TokenNewline,
    /// Half of the token is missing.
    TokenTruncated,
    /// The CA is another cluster's: that of the `to` cluster.
    WrongCa,
    /// The token's time has run out (only `fault`). The step lasts until it has, ten minutes, which is the shortest life that Kubernetes gives.
    TokenExpired,
    /// The token's Secret is gone (only `fault`).
    TokenRevoked,
    /// There is another token in the place of it, which serves, and who still has the old one is refused (only `fault`).
    TokenRotated,
}

impl Spoil {
    /// Whether it needs a credential that served before.
    pub fn needs_fault(self) -> bool {
        matches!(self, Spoil::TokenExpired | Spoil::TokenRevoked | Spoil::TokenRotated)
    }

    /// For messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Spoil::TokenNewline => "token with a newline",
            Spoil::TokenTruncated => "token truncated",
            Spoil::WrongCa => "wrong CA",
            Spoil::TokenExpired => "token expired",
            Spoil::TokenRevoked => "token revoked",
            Spoil::TokenRotated => "token rotated",
        }
    }
}

/// What `grant` gave, taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revoke {
    /// The service account in each `from` cluster, as `namespace/name`.
    pub service_account: NamespacedName,
    /// The clusters that the credentials are for: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub from: OneOrMany<String>,
    /// What is taken away.
    #[serde(default)]
    pub what: Revoked,
    /// Name of the token's own Secret in each `from` cluster, where it is not `<id>-token` (without `_`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret: Option<String>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// What a service account loses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Revoked {
    /// Its long-lived token, by the Secret that `grant` made for it: who has a copy of the token is not known any more (401).
    #[default]
    Token,
    /// The account itself, and with it all of its tokens (401).
    ServiceAccount,
    /// Its permissions: it is taken out of all RoleBindings and ClusterRoleBindings (403).
    Bindings,
}

impl Revoked {
    /// For messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Revoked::Token => "token",
            Revoked::ServiceAccount => "account",
            Revoked::Bindings => "bindings",
        }
    }
}
