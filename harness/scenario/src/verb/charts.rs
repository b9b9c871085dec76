//! Steps on Helm releases.

use std::path::PathBuf;

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
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// Folder or archive of the chart, from the scenario's folder; with `repo` the chart's name there.
    pub chart: Spanned<String>,
    /// Address of a Helm repository (`https://...`) that has the chart, as `helm --repo`. It is fetched before the run and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Spanned<String>>,
    /// With `repo`: version of the chart, or a range such as `~1.16`, as `helm --version`; without it the newest stable one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Spanned<String>>,
    /// What was fetched from `repo`.
    #[serde(skip)]
    pub fetched: Option<Fetched>,
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

/// A chart of a repository that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its archive.
    pub archive: PathBuf,
    /// Its version.
    pub version: String,
    /// SHA-256 of its archive, in lower-case hexadecimal digits.
    pub digest: String,
}

fn default_namespace() -> Spanned<String> {
    Spanned::made("default".to_owned())
}

/// A release to take back to an earlier revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollback {
    /// Name of the release.
    pub release: Spanned<String>,
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The release's namespace.
    #[serde(default = "default_namespace")]
    pub namespace: Spanned<String>,
    /// The revision to go back to; without it the one before the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// Waits this long at most until the release's workloads are ready, and fails if they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Duration>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// A release to remove.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Uninstall {
    /// Name of the release.
    pub release: Spanned<String>,
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The release's namespace.
    #[serde(default = "default_namespace")]
    pub namespace: Spanned<String>,
    /// Keeps the release's records, marked as uninstalled.
    #[serde(default)]
    pub keep_history: bool,
    /// Waits this long at most until the release's objects are gone, and fails if they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Duration>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}
