//! Programs of this machine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yaml::Spanned;

use super::Fails;
use crate::{Duration, OneOrMany};

/// A program, started once for each cluster, with `KUBECONFIG` for a cluster admin there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exec {
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The program, found in `PATH`, and its arguments. May hold expressions.
    pub command: OneOrMany<String>,
    /// Further variables of its environment. May hold expressions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Text that its standard output must contain; of a list, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prints: Option<OneOrMany<String>>,
    /// How long it may take. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// The step must fail like this; the error has the exit code and the last lines of standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// A shell script, run once for each cluster by `sh -eu`, with `KUBECONFIG` for a cluster admin there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Script {
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The script. May hold expressions.
    pub run: Spanned<String>,
    /// Further variables of its environment. May hold expressions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Text that its standard output must contain; of a list, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prints: Option<OneOrMany<String>>,
    /// How long it may take. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// The step must fail like this; the error has the exit code and the last lines of standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}
