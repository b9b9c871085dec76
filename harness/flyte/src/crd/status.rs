//! Progress of a run, kept in its object.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Serialize};

/// Phase of an object, an integer in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Phase {
    /// 0: not started.
    #[default]
    Ready,
    /// 1: nodes run.
    Running,
    /// 2: all nodes succeeded.
    Succeeding,
    /// 3: done.
    Succeeded,
    /// 4: a node failed; the others are being aborted.
    Failing,
    /// 5: done.
    Failed,
    /// 6: done, on request.
    Aborted,
    /// 7: the failure node runs.
    HandlingFailureNode,
}

impl Phase {
    /// Whether nothing follows.
    #[must_use]
    pub fn terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Aborted)
    }
}

impl From<Phase> for u8 {
    fn from(phase: Phase) -> Self {
        phase as Self
    }
}

impl TryFrom<u8> for Phase {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        Ok(match value {
            0 => Self::Ready,
            1 => Self::Running,
            2 => Self::Succeeding,
            3 => Self::Succeeded,
            4 => Self::Failing,
            5 => Self::Failed,
            6 => Self::Aborted,
            7 => Self::HandlingFailureNode,
            other => return Err(format!("unknown workflow phase {other}")),
        })
    }
}

/// `status` of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// Where the run is.
    pub phase: Phase,
    /// Rounds that failed in a row.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed_attempts: u32,
    /// What the last failed round said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Why the run fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ExecutionError>,
    /// Where the outputs are.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub output_reference: String,
    /// When the first node could start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When the run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Time>,
    /// Progress by node id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub node_status: BTreeMap<String, NodeStatus>,
}

/// Progress of one node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    /// Where the node is.
    pub phase: NodePhase,
    /// Present attempt, from 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// Whether the present attempt's pod has been seen running.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub running: bool,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ExecutionError>,
    /// Where the outputs are.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub output_reference: String,
    /// When a wait began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Its task has ended and left a workflow, which runs now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dynamic: bool,
    /// It is one of those of which only so many may run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub counts: bool,
    /// Attempts that failed without the user's fault.
    #[serde(skip_serializing_if = "is_zero")]
    pub system_failures: u32,
    /// It waits for somebody else who computes the same result.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
    /// How often an array's progress was told.
    #[serde(skip_serializing_if = "is_zero")]
    pub version: u32,
    /// Progress of nodes inside: a sub-workflow's, the one that a branch took, an array's elements.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub node_status: BTreeMap<String, NodeStatus>,
}

/// Where a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodePhase {
    /// Waits for others.
    #[default]
    NotYetStarted,
    /// Its work has been handed out: a pod, a child run, or nodes of its own.
    Running,
    /// Done.
    Succeeded,
    /// Done in the run that this one recovers.
    Recovered,
    /// Done, without retries left.
    Failed,
    /// Stopped because the run ends.
    Aborted,
}

impl NodePhase {
    /// Whether what comes after it may start.
    #[must_use]
    pub fn done(self) -> bool {
        matches!(self, Self::Succeeded | Self::Recovered)
    }
}

/// Why something failed, as the control plane is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionError {
    /// Stable code.
    pub code: String,
    /// For people.
    pub message: String,
    /// The user's fault, or the system's.
    pub user: bool,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}
