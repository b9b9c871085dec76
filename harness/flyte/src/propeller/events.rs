//! Events to the control plane, and what its refusals mean for a run.

use std::sync::Arc;

use prost_types::Timestamp;
use simnet::Clock;
use tonic::{Code, Status};

use super::admin_port::AdminPort;
use super::cluster_port::ClusterError;
use crate::admin::error::failure_reason;
use crate::admin::events::{node, task};
use crate::crd::ExecutionError;
use crate::proto::admin::event_failure_reason::Reason;
use crate::proto::core::execution_error::ErrorKind;
use crate::proto::core::workflow_execution::Phase;
use crate::proto::core::{ExecutionError as ProtoError, WorkflowExecutionIdentifier};
use crate::proto::event::workflow_execution_event::OutputResult;
use crate::proto::event::{NodeExecutionEvent, TaskExecutionEvent, WorkflowExecutionEvent};
use crate::proto_time;

/// Why a round over a run ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RoundError {
    /// The control plane sent the run to another cluster.
    #[error("execution is not allowed on this cluster: {0}")]
    IncompatibleCluster(String),
    /// The control plane does not know the run.
    #[error("execution not found: {0}")]
    NotFound(String),
    /// The control plane has the run in a final phase.
    #[error("execution has ended already: {0}")]
    AlreadyTerminal(String),
    /// Anything else: the round is tried again.
    #[error("{0}")]
    System(String),
}

/// A fault after which the round is tried again.
pub(super) fn system(error: impl std::fmt::Display) -> RoundError {
    RoundError::System(error.to_string())
}

impl From<Status> for RoundError {
    fn from(status: Status) -> Self {
        let message = format!("{:?}: {}", status.code(), status.message());
        match (failure_reason(&status), status.code()) {
            (Some(Reason::IncompatibleCluster(_)), _) => Self::IncompatibleCluster(message),
            (Some(Reason::AlreadyInTerminalState(_)), _) => Self::AlreadyTerminal(message),
            (None, Code::NotFound) => Self::NotFound(message),
            (None, _) => Self::System(message),
        }
    }
}

impl From<ClusterError> for RoundError {
    fn from(error: ClusterError) -> Self {
        Self::System(error.to_string())
    }
}

/// Sends events under this data plane's name.
pub(crate) struct Events {
    pub(crate) admin: Arc<dyn AdminPort>,
    pub(crate) producer: String,
    pub(crate) clock: Clock,
}

impl Events {
    pub(crate) fn now(&self) -> Timestamp {
        proto_time::timestamp(self.clock.now())
    }

    pub(crate) async fn workflow(
        &self,
        execution: WorkflowExecutionIdentifier,
        phase: Phase,
        result: Option<OutputResult>,
    ) -> Result<(), RoundError> {
        let event = WorkflowExecutionEvent {
            execution_id: Some(execution),
            producer_id: self.producer.clone(),
            phase: phase as i32,
            occurred_at: Some(self.now()),
            output_result: result,
        };
        known(self.admin.workflow_event(event).await)
    }

    pub(crate) async fn node(&self, mut event: NodeExecutionEvent) -> Result<(), RoundError> {
        let now = Some(self.now());
        event.producer_id.clone_from(&self.producer);
        event.occurred_at = now;
        event.reported_at = now;
        let ends = node::terminal(event.phase);
        settled(self.admin.node_event(event).await, ends)
    }

    pub(crate) async fn task(&self, mut event: TaskExecutionEvent) -> Result<(), RoundError> {
        let now = Some(self.now());
        event.producer_id.clone_from(&self.producer);
        event.occurred_at = now;
        event.reported_at = now;
        let ends = task::terminal(event.phase);
        settled(self.admin.task_event(event).await, ends)
    }
}

/// An event that the control plane has already is as good as sent.
fn known(result: Result<(), Status>) -> Result<(), RoundError> {
    match result {
        Err(status) if status.code() == Code::AlreadyExists => Ok(()),
        result => result.map_err(RoundError::from),
    }
}

/// The end of a node or task that has ended otherwise for the control plane: there is nothing more to say, so that it holds up nobody. Any other
/// event of such a one is a fault.
fn settled(result: Result<(), Status>, ends: bool) -> Result<(), RoundError> {
    match known(result) {
        Err(RoundError::AlreadyTerminal(_)) if ends => Ok(()),
        Err(RoundError::AlreadyTerminal(message)) => Err(RoundError::System(message)),
        result => result,
    }
}

/// An error as events carry it.
pub(crate) fn proto_error(error: &ExecutionError) -> ProtoError {
    ProtoError {
        code: error.code.clone(),
        message: error.message.clone(),
        kind: if error.user { ErrorKind::User } else { ErrorKind::System } as i32,
        ..ProtoError::default()
    }
}
