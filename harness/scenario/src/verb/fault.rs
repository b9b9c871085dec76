//! Faults of clusters and of the ways between them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yaml::Spanned;

use crate::{ClusterId, Duration, OneOrMany};

/// A fault: what it befalls, and what becomes of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The name by which `heal` mends it.
    pub id: Spanned<String>,
    /// What it befalls.
    #[serde(rename = "match")]
    pub matches: Match,
    /// What becomes of that.
    pub verdict: Verdict,
}

/// What a fault befalls: one of `cluster`, `between`, or `from` with `to`. Traffic inside a cluster and the harness's own is never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Match {
    /// All traffic between this cluster and the others, both ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Spanned<ClusterId>>,
    /// All traffic between these two clusters, both ways.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<Spanned<ClusterId>>,
    /// What this cluster sends to `to`, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Spanned<ClusterId>>,
    /// What this cluster is sent by `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Spanned<ClusterId>>,
}

/// What becomes of what a fault befalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// New connections are refused at once, and open ones break with their next byte, as when the program at the other end is gone.
    Refuse,
    /// Nothing arrives: new connections time out, and open ones stand still until the fault is mended.
    Drop,
    /// Everything arrives this much later, in each direction that the fault befalls.
    Delay(Duration),
    /// The cluster's machine stands still: its connections stay open, and nobody answers, not even to the harness. Needs `cluster`.
    Pause,
}

/// Mends faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Heal {
    /// The ids of earlier `fault` steps.
    pub fault: OneOrMany<String>,
}
