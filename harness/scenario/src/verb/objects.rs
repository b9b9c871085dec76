//! Steps on objects that are there: change, remove, restart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yaml::Spanned;

use super::Fails;
use crate::{Duration, OneOrMany};

/// A change to one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Patch {
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The object's apiVersion.
    pub api_version: String,
    /// The object's kind.
    pub kind: String,
    /// The object's namespace; leave it out for a cluster-wide object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The object's name.
    pub name: Spanned<String>,
    /// How the patch is to be understood.
    #[serde(default, rename = "type")]
    pub type_: PatchType,
    /// The part of the object that the patch is for; without it the object itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<Subresource>,
    /// The patch: a mapping, or with `type: json` a list of operations. May hold expressions.
    pub patch: Spanned<Value>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// Kubernetes' kinds of patches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PatchType {
    /// As `kubectl patch` by default: lists are merged by the keys of their elements. Not for custom resources.
    #[default]
    Strategic,
    /// JSON merge patch (RFC 7386): lists are replaced, null removes.
    Merge,
    /// JSON patch (RFC 6902): a list of operations.
    Json,
}

/// A part of an object with rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Subresource {
    /// What controllers report.
    Status,
    /// The number of replicas.
    Scale,
}

impl Subresource {
    /// As in the URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Subresource::Status => "status",
            Subresource::Scale => "scale",
        }
    }
}

/// Objects to delete: exactly one of `name` and `selector`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delete {
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The objects' apiVersion.
    pub api_version: String,
    /// The objects' kind.
    pub kind: String,
    /// Their namespace; leave it out for cluster-wide objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// One object. That it is not there is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Spanned<String>>,
    /// All objects with these labels, as `app=a,tier!=b`; there may be none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<Spanned<String>>,
    /// That the object of this name is not there is no error.
    #[serde(default)]
    pub ignore_not_found: bool,
    /// What becomes of the objects that these own.
    #[serde(default)]
    pub propagation: Propagation,
    /// Waits until the objects are gone, their finalizers done.
    #[serde(default = "yes")]
    pub wait: bool,
    /// How long to wait at most. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

fn yes() -> bool {
    true
}

/// What becomes of the objects that a deleted object owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay.
    Orphan,
}

/// A workload whose pods are to be replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Restart {
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// What kind of workload.
    #[serde(default)]
    pub kind: Workload,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: Spanned<String>,
    /// How long it may take. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// Kinds of the group `apps` whose pods `kubectl rollout restart` replaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Workload {
    /// A Deployment.
    #[default]
    Deployment,
    /// A StatefulSet.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
}

impl Workload {
    /// The kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Workload::Deployment => "Deployment",
            Workload::StatefulSet => "StatefulSet",
            Workload::DaemonSet => "DaemonSet",
        }
    }
}
