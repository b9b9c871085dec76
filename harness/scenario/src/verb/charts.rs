//! Steps on Helm releases.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yaml::Spanned;

use super::Fails;
use crate::{Duration, OneOrMany};

/// A Helm release on one or several clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deploy {
    /// Name of the release.
    pub release: Spanned<String>,
    /// The cluster or clusters.
    pub on: OneOrMany<String>,
    /// Folder of the chart, from the scenario's folder.
    pub chart: Spanned<String>,
    /// The release's namespace.
    #[serde(default = "default_namespace")]
    pub namespace: Spanned<String>,
    /// Creates the namespace if it is missing (only `deploy`). Without it a missing namespace is an error.
    #[serde(default)]
    pub create_namespace: bool,
    /// Values files, later ones win. Values in them may hold expressions.
    #[serde(default)]
    pub values_files: Vec<Spanned<String>>,
    /// Values that win over all files. May hold expressions.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// `key.path=value` pairs in the syntax of `helm --set`; win over everything. May hold expressions.
    #[serde(default)]
    pub set: Vec<String>,
    /// Waits this long at most until the release's workloads are ready, and fails if they are not, with the log of the
    /// container that is to blame. Without it the step ends once the objects are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Duration>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

fn default_namespace() -> Spanned<String> {
    Spanned::made("default".to_owned())
}
