//! `CreateWorkflowEvent`. The order of the checks decides which refusal a data plane sees.

use tonic::Code;

use super::{DEFAULT_PRODUCER, check_cluster};
use crate::admin::error::AdminError;
use crate::admin::executions::{already_terminal, not_found, phase_name, terminal};
use crate::admin::state::Admin;
use crate::proto::admin::execution_closure::OutputResult;
use crate::proto::core::workflow_execution::Phase;
use crate::proto::event::WorkflowExecutionEvent;
use crate::proto::event::workflow_execution_event::OutputResult as EventResult;
use crate::proto_time::between;
use crate::stores::{ExecutionKey, ExecutionRow};

impl Admin {
    /// Stores what a data plane says about a run.
    pub(crate) fn workflow_event(&self, event: Option<WorkflowExecutionEvent>) -> Result<(), AdminError> {
        let event = event.ok_or_else(|| AdminError::missing("event"))?;
        let id = event
            .execution_id
            .as_ref()
            .ok_or_else(|| AdminError::missing("event.execution_id"))?;
        let key = ExecutionKey::from(id);
        let now = self.now();
        self.database.write(|tables| {
            let row = tables.executions.get_mut(&key).ok_or_else(|| not_found(&key))?;
            check(&key, row, &event)?;
            store(row, event);
            row.closure.updated_at = Some(now);
            Ok(())
        })
    }
}

fn check(key: &ExecutionKey, row: &ExecutionRow, event: &WorkflowExecutionEvent) -> Result<(), AdminError> {
    let (old, new) = (row.closure.phase, event.phase);
    let is = |phase: i32, other: Phase| phase == other as i32;
    if !is(new, Phase::Queued) {
        if old == new {
            return Err(AdminError::new(
                Code::AlreadyExists,
                format!(
                    "This phase {} was already recorded for workflow execution {}",
                    phase_name(new),
                    key.name
                ),
            ));
        }
        check_cluster(&row.cluster, &event.producer_id)?;
    }
    if terminal(old) {
        return Err(already_terminal(key, old));
    }
    let backwards = is(old, Phase::Running) && is(new, Phase::Queued);
    if backwards || (is(old, Phase::Aborting) && !terminal(new)) {
        return Err(AdminError::precondition(
            format!(
                "Cannot go from {} to {} for workflow execution {}",
                phase_name(old),
                phase_name(new),
                key.name
            ),
            None,
        ));
    }
    Ok(())
}

fn store(row: &mut ExecutionRow, event: WorkflowExecutionEvent) {
    let closure = &mut row.closure;
    closure.phase = event.phase;
    if event.phase == Phase::Queued as i32 && !event.producer_id.is_empty() && event.producer_id != DEFAULT_PRODUCER {
        // The data plane that queues a run takes it over.
        let metadata = row.spec.metadata.get_or_insert_default();
        metadata.system_metadata.get_or_insert_default().execution_cluster = event.producer_id.clone();
        row.cluster = event.producer_id;
    }
    if event.phase == Phase::Running as i32 {
        closure.started_at = event.occurred_at;
        closure.duration = None;
    }
    if terminal(event.phase) {
        closure.duration = Some(between(closure.started_at.as_ref(), event.occurred_at.as_ref()));
    }
    match event.output_result {
        Some(EventResult::OutputUri(uri)) => row.outputs_uri = uri,
        // An aborted run shows why it was aborted, not what its data plane saw.
        Some(EventResult::Error(error)) if !matches!(closure.output_result, Some(OutputResult::AbortMetadata(_))) => {
            closure.output_result = Some(OutputResult::Error(error));
        }
        _ => {}
    }
}
