//! Steps on Kubernetes objects and on time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yaml::Spanned;

use super::Fails;
use crate::{Duration, OneOrMany};

/// Objects to apply (server-side, as field manager `multiplane`) or delete: files, objects given here, or both (files first).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Apply {
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// Manifest files, from the scenario's folder. Values in them may hold expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Spanned<String>>,
    /// Objects given here. May hold expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Map<String, Value>>,
    /// Namespace of namespaced objects that name none.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// Deletes the objects; those that are not there are no error.
    #[serde(default)]
    pub delete: bool,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// Exactly one of `for` and `until`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wait {
    /// Lets this much (virtual) time pass.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// Waits for a condition of an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// A condition in an object's `status.conditions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Until {
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
    pub name: String,
    /// The type of the condition that must be `True`, such as `Available`.
    pub condition: String,
    /// How long at most. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}
