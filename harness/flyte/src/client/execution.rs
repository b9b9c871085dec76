//! Executions as the control plane shows them.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::crd::ExecutionId;
use crate::proto::admin::Execution as Message;
use crate::proto::admin::execution_closure::OutputResult;
use crate::proto::core::WorkflowExecutionIdentifier;
use crate::proto::core::workflow_execution::Phase;

/// An execution to start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Submission {
    /// Project.
    pub project: String,
    /// Domain.
    pub domain: String,
    /// Name of the execution; empty for one that the control plane makes up.
    pub name: String,
    /// What to run.
    pub target: Target,
    /// Version of the target; `None` for the newest.
    pub version: Option<String>,
    /// Inputs by name.
    pub inputs: Map<String, Value>,
    /// Execution cluster label of the request; an empty one is sent as such.
    pub label: Option<String>,
    /// The node that starts this execution, if one does.
    pub parent: Option<(ExecutionId, String)>,
    /// Labels of the object and its pods.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Annotations of the object and its pods.
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// What an execution runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A launch plan. Every workflow has one of its own name.
    LaunchPlan(String),
    /// A single task.
    Task(String),
}

impl Default for Target {
    fn default() -> Self {
        Self::LaunchPlan(String::new())
    }
}

/// An execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// Project, domain and name.
    pub id: ExecutionId,
    /// Where it is.
    pub phase: Phase,
    /// The cluster it was sent to: empty if it could not be created, and in single-cluster mode.
    pub cluster: String,
    /// The namespace there.
    pub namespace: String,
    /// The label in its spec: the request's or the parent's, never a stored one.
    pub label: Option<String>,
    /// Code and message of its failure, or the cause of its end by request.
    pub error: Option<(String, String)>,
    /// When it was created; `None` if the control plane does not say.
    pub created: Option<Timestamp>,
}

impl Execution {
    /// Whether nothing follows.
    #[must_use]
    pub fn ended(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed | Phase::Aborted | Phase::TimedOut)
    }
}

impl From<Message> for Execution {
    fn from(message: Message) -> Self {
        let spec = message.spec.unwrap_or_default();
        let closure = message.closure.unwrap_or_default();
        let placement = spec.metadata.and_then(|metadata| metadata.system_metadata).unwrap_or_default();
        Self {
            created: closure.created_at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok()),
            id: message.id.map(ExecutionId::from).unwrap_or_default(),
            phase: Phase::try_from(closure.phase).unwrap_or(Phase::Undefined),
            cluster: placement.execution_cluster,
            namespace: placement.namespace,
            label: spec.execution_cluster_label.map(|label| label.value),
            error: match closure.output_result {
                Some(OutputResult::Error(error)) => Some((error.code, error.message)),
                Some(OutputResult::AbortMetadata(abort)) => Some(("Aborted".to_owned(), abort.cause)),
                _ => None,
            },
        }
    }
}

impl From<WorkflowExecutionIdentifier> for ExecutionId {
    fn from(id: WorkflowExecutionIdentifier) -> Self {
        Self {
            project: id.project,
            domain: id.domain,
            name: id.name,
        }
    }
}

impl From<&ExecutionId> for WorkflowExecutionIdentifier {
    fn from(id: &ExecutionId) -> Self {
        Self {
            project: id.project.clone(),
            domain: id.domain.clone(),
            name: id.name.clone(),
            org: String::new(),
        }
    }
}
