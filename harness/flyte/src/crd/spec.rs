//! The compiled workflow inside an object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Encoded, ExecutionId};
use crate::proto::core;

/// A workflow: nodes and what it hands back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkflowSpec {
    /// `project:domain:name` at the top, the workflow's identifier elsewhere.
    pub id: String,
    /// Nodes by id.
    pub nodes: BTreeMap<String, Node>,
    /// Bindings of the outputs to nodes.
    #[serde(default)]
    pub outputs: Vec<Encoded<core::Binding>>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Id within its workflow.
    pub id: String,
    /// Name to show.
    #[serde(default)]
    pub name: String,
    /// What it runs.
    pub target: NodeTarget,
    /// Nodes that must have succeeded before.
    #[serde(default)]
    pub upstream: Vec<String>,
    /// Bindings of the target's inputs.
    #[serde(default)]
    pub inputs: Vec<Encoded<core::Binding>>,
    /// Further attempts after a failure.
    #[serde(default)]
    pub retries: u32,
}

/// What a node runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeTarget {
    /// A task of the object.
    Task(String),
    /// A workflow of the object.
    SubWorkflow(String),
    /// A launch plan: a run of its own, placed by the control plane.
    LaunchPlan {
        /// Project, domain and name.
        #[serde(flatten)]
        id: ExecutionId,
        /// Version.
        version: String,
    },
}

/// A task that runs as a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The task's type, e.g. `container` or `python-task`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Everything else.
    pub template: Encoded<core::TaskTemplate>,
}
