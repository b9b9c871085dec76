//! Expectations. `within`: how long it may take to come true; `hold`: how long it must then stay true.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yaml::Spanned;

use super::{AssumeRole, ObjectAccess};
use crate::{ClusterId, Duration, OneOrMany};

/// What must be so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Expect {
    /// Where executions are.
    Placement(Placement),
    /// The state of pods.
    Pods(Pods),
    /// The content, number or absence of any objects.
    Resources(Resources),
    /// Whether a service account may assume a role of AWS, and why not.
    AssumeRole(AssumeRole),
    /// Whether pods of a service account may use a bucket of S3, and why not.
    ObjectAccess(ObjectAccess),
}

/// Where the executions of a `submit` are, by witnesses in the clusters: the FlyteWorkflow object, its pods, and the
/// admin API's answer. Exactly one of `on`, `oneOf`, `atLeast`, `distribution` and `nowhere`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Placement {
    /// The `submit` that started them.
    pub of: Spanned<String>,
    /// All of them are on these clusters, and each of these has some: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<OneOrMany<String>>,
    /// The clusters that have some of them are one of these sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<OneOrMany<ClusterId>>,
    /// Each of these clusters has some of them; others may have some, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<OneOrMany<ClusterId>>,
    /// They are spread over these clusters.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<ClusterId, Share>")]
    pub distribution: IndexMap<ClusterId, Spanned<Share>>,
    /// They are on no cluster: Flyte took them and failed to create them.
    #[serde(default)]
    pub nowhere: bool,
    /// Whether any trace of them may be on other clusters.
    #[serde(default)]
    pub elsewhere: Elsewhere,
    /// The phase that all of them must have reached in Flyte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Text that the error of each failed execution must contain. Needs a failed `phase`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Spanned<String>>,
    /// Why they were placed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How long it may take to come true. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// How long it must then stay true. Needs `within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Duration>,
}

/// How many executions a cluster has: exactly one of `share` and `count`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Share {
    /// Part of all executions, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub share: Option<f64>,
    /// How far the share may be off, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub tolerance: Option<f64>,
    /// Instead of `tolerance`: how often the expectation may fail although every execution goes there with this probability, at most. The counts
    /// that are accepted follow from it by the binomial distribution; so few executions that none could fail are a mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub false_alarm: Option<f64>,
    /// Exactly this many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// What other clusters may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Elsewhere {
    /// No object and no pod of these executions on any other cluster.
    #[default]
    Forbidden,
    /// Other clusters are not looked at.
    Allowed,
}

/// A phase of an execution in Flyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// Created, no event yet.
    Undefined,
    /// Waiting in the data plane.
    Queued,
    /// Running.
    Running,
    /// Its nodes are done, outputs are being written.
    Succeeding,
    /// Done.
    Succeeded,
    /// A node failed, others are being stopped.
    Failing,
    /// Failed, or never created.
    Failed,
    /// Terminated.
    Aborted,
    /// Being terminated.
    Aborting,
}

/// Why executions were placed where they are; at least one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reason {
    /// Where the label came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelSource>,
    /// Which pool the cluster was drawn from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolSource>,
}

/// Where an execution's label came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LabelSource {
    /// The parent execution.
    Parent,
    /// The request itself.
    Request,
    /// A label stored for the workflow.
    Workflow,
    /// A label stored for the project and domain.
    ProjectDomain,
    /// A label stored for the project.
    Project,
    /// There is no label.
    None,
}

/// Which clusters the draw was among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PoolSource {
    /// Those of the label.
    Label,
    /// Those of `defaultExecutionLabel`.
    DefaultLabel,
    /// All that are enabled.
    AllEnabled,
    /// The control plane's own cluster.
    InCluster,
}

/// The state of pods: `all`, `count`, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pods {
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The namespace.
    pub namespace: String,
    /// Label selector, as `app.kubernetes.io/name=flyteadmin`; all pods by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<Spanned<String>>,
    /// The state of every pod, of which there must be at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<PodState>,
    /// How many pods there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How long it may take to come true. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// How long it must then stay true. Needs `within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Duration>,
}

/// A pod's state as the STATUS column of `kubectl get pods` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PodState {
    /// Started and not waiting for anything; here also ready, as `READY 1/1`.
    Running,
    /// Not started yet.
    Pending,
    /// All containers ended well.
    Completed,
    /// A container ended badly and is not restarted yet.
    Error,
    /// A container ends again and again, and waits for its next start.
    CrashLoopBackOff,
    /// An init container ends again and again.
    #[serde(rename = "Init:CrashLoopBackOff")]
    InitCrashLoopBackOff,
    /// An image cannot be had.
    ImagePullBackOff,
}

impl PodState {
    /// As in the STATUS column.
    pub fn as_str(self) -> &'static str {
        match self {
            PodState::Running => "Running",
            PodState::Pending => "Pending",
            PodState::Completed => "Completed",
            PodState::Error => "Error",
            PodState::CrashLoopBackOff => "CrashLoopBackOff",
            PodState::InitCrashLoopBackOff => "Init:CrashLoopBackOff",
            PodState::ImagePullBackOff => "ImagePullBackOff",
        }
    }
}

/// Objects of one kind. Exactly one of `matches`, `cel`, `absent` and `count`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
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
    /// Every one of the objects, of which there must be at least one, has at least these fields. Lists are compared
    /// element by element and must be of equal length. May hold expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Map<String, Value>>,
    /// A condition in CEL, with Kubernetes' libraries: on `object`, which every one of the objects must meet and of which there must be at least
    /// one, or on `objects`, the list of all. `cluster` is the cluster's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cel: Option<Spanned<String>>,
    /// There is no such object.
    #[serde(default)]
    pub absent: bool,
    /// How many such objects there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How long it may take to come true. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// How long it must then stay true. Needs `within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Duration>,
}
