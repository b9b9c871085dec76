//! Conditions that stay active across steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yaml::Spanned;

use crate::{Duration, OneOrMany};

/// A condition on objects of one kind. `always`: exactly one of `matches`, `cel` and `count`; `never`: `matches`, `cel`, or neither, when there
/// may be no such object at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invariant {
    /// The name by which `relax` ends it.
    pub id: Spanned<String>,
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The objects' apiVersion.
    pub api_version: String,
    /// The objects' kind.
    pub kind: String,
    /// Their namespace; without it all namespaces, or a cluster-wide kind. Needed with `name` for a namespaced kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// One object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Spanned<String>>,
    /// The objects with these labels, as `app=a,tier!=b`. Not together with `name`; without both, all of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<Spanned<String>>,
    /// `always`: every one of the objects, of which there must be at least one, has at least these fields. `never`: none has them all. May hold
    /// expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Map<String, Value>>,
    /// A condition in CEL on `object`, each in turn, or on `objects`, all at once; `cluster` is the cluster's id. `never`: none may meet it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cel: Option<Spanned<String>>,
    /// How many such objects there always are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How long it may take to come true before it must stay so. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// Ends conditions of earlier `always` and `never` steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Relax {
    /// Their ids.
    pub of: OneOrMany<String>,
}
