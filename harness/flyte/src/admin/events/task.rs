//! `CreateTaskEvent`.

use std::collections::BTreeMap;

use tonic::Code;

use super::check_cluster;
use crate::admin::error::AdminError;
use crate::admin::executions::not_found;
use crate::admin::state::Admin;
use crate::proto::admin::EventErrorAlreadyInTerminalState;
use crate::proto::admin::event_failure_reason::Reason;
use crate::proto::admin::task_execution_closure::OutputResult;
use crate::proto::admin::{TaskExecution, TaskExecutionClosure};
use crate::proto::core::TaskExecutionIdentifier;
use crate::proto::core::task_execution::Phase;
use crate::proto::event::task_execution_event::{InputValue, OutputResult as EventResult};
use crate::proto::event::{ExternalResourceInfo, TaskExecutionEvent};
use crate::proto_time::between;
use crate::stores::{EntityKey, ExecutionKey, NodeKey, TaskKey, TaskRow};

impl Admin {
    /// Stores what a data plane says about one attempt of a task.
    pub(crate) fn task_event(&self, event: Option<TaskExecutionEvent>) -> Result<(), AdminError> {
        let event = event.ok_or_else(|| AdminError::missing("event"))?;
        let task = event.task_id.clone().ok_or_else(|| AdminError::missing("event.task_id"))?;
        let node = event
            .parent_node_execution_id
            .clone()
            .ok_or_else(|| AdminError::missing("event.parent_node_execution_id"))?;
        let execution = node
            .execution_id
            .as_ref()
            .map(ExecutionKey::from)
            .ok_or_else(|| AdminError::missing("event.parent_node_execution_id.execution_id"))?;
        let now = self.now();
        self.database.write(|tables| {
            let run = tables.executions.get(&execution).ok_or_else(|| not_found(&execution))?;
            check_cluster(&run.cluster, &event.producer_id)?;
            let key = TaskKey {
                node: NodeKey {
                    execution,
                    node: node.node_id.clone(),
                },
                task: EntityKey::from(&task),
                attempt: event.retry_attempt,
            };
            if tables.nodes.get(&key.node).is_none() {
                return Err(AdminError::not_found(format!(
                    "missing node execution [{}] of task event",
                    key.node.node
                )));
            }
            let old = tables.task_executions.get(&key).cloned();
            if old
                .as_ref()
                .is_some_and(|row| phase(row) == event.phase && row.version >= event.phase_version)
            {
                return Err(AdminError::new(
                    Code::AlreadyExists,
                    format!("This phase was already recorded for task [{}]", task.name),
                ));
            }
            if old.as_ref().is_some_and(|row| terminal(phase(row))) {
                return Err(AdminError::precondition(
                    format!("task [{}] is already in a terminal phase", task.name),
                    Some(Reason::AlreadyInTerminalState(EventErrorAlreadyInTerminalState {
                        current_phase: phase_name(event.phase),
                    })),
                ));
            }
            let mut row = old.unwrap_or_else(|| TaskRow {
                message: TaskExecution {
                    id: Some(TaskExecutionIdentifier {
                        task_id: Some(task),
                        node_execution_id: Some(node),
                        retry_attempt: event.retry_attempt,
                    }),
                    closure: Some(TaskExecutionClosure {
                        created_at: Some(now),
                        ..TaskExecutionClosure::default()
                    }),
                    ..TaskExecution::default()
                },
                outputs_uri: String::new(),
                version: 0,
            });
            row.message.closure.get_or_insert_default().updated_at = Some(now);
            store(&mut row, event);
            tables.task_executions.put(key, row);
            Ok(())
        })
    }
}

fn phase(row: &TaskRow) -> i32 {
    row.message.closure.as_ref().map_or(0, |closure| closure.phase)
}

/// Upstream names the phase of the event, not the recorded one.
fn phase_name(phase: i32) -> String {
    Phase::try_from(phase).map_or("UNDEFINED", |phase| phase.as_str_name()).to_owned()
}

/// Whether nothing follows this phase.
pub(crate) fn terminal(phase: i32) -> bool {
    [Phase::Succeeded, Phase::Failed, Phase::RetryableFailed, Phase::Aborted]
        .iter()
        .any(|terminal| *terminal as i32 == phase)
}

/// What is known of parts of a task, with what is told now: a part is known by its index and attempt.
fn merged(known: Vec<ExternalResourceInfo>, told: Vec<ExternalResourceInfo>) -> Vec<ExternalResourceInfo> {
    let parts = known.into_iter().chain(told);
    let parts: BTreeMap<_, _> = parts.map(|part| ((part.index, part.retry_attempt), part)).collect();
    parts.into_values().collect()
}

fn store(row: &mut TaskRow, event: TaskExecutionEvent) {
    let closure = row.message.closure.get_or_insert_default();
    closure.phase = event.phase;
    row.version = event.phase_version;
    closure.task_type = event.task_type;
    closure.event_version = event.event_version;
    closure.logs.extend(event.logs);
    if let Some(mut metadata) = event.metadata {
        let known = closure.metadata.take().unwrap_or_default().external_resources;
        metadata.external_resources = merged(known, metadata.external_resources);
        closure.metadata = Some(metadata);
    }
    if event.phase == Phase::Running as i32 && closure.started_at.is_none() {
        closure.started_at = event.occurred_at;
    }
    if terminal(event.phase) {
        closure.duration = Some(between(closure.started_at.as_ref(), event.occurred_at.as_ref()));
    }
    match event.output_result {
        Some(EventResult::OutputUri(uri)) => row.outputs_uri = uri,
        Some(EventResult::Error(error)) => closure.output_result = Some(OutputResult::Error(error)),
        _ => {}
    }
    if let Some(InputValue::InputUri(uri)) = event.input_value {
        row.message.input_uri = uri;
    }
}
