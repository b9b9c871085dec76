//! `CreateNodeEvent`.

use tonic::Code;

use super::check_cluster;
use crate::admin::error::AdminError;
use crate::admin::executions::not_found;
use crate::admin::state::Admin;
use crate::proto::admin::EventErrorAlreadyInTerminalState;
use crate::proto::admin::event_failure_reason::Reason;
use crate::proto::admin::node_execution_closure::{OutputResult, TargetMetadata};
use crate::proto::admin::{
    DynamicWorkflowNodeMetadata, NodeExecution, NodeExecutionClosure, NodeExecutionMetaData, TaskNodeMetadata, WorkflowNodeMetadata,
};
use crate::proto::core::node_execution::Phase;
use crate::proto::event::NodeExecutionEvent;
use crate::proto::event::node_execution_event::{InputValue, OutputResult as EventResult, TargetMetadata as EventTarget};
use crate::proto_time::between;
use crate::stores::{ExecutionKey, NodeKey, NodeRow};

impl Admin {
    /// Stores what a data plane says about a node.
    pub(crate) fn node_event(&self, event: Option<NodeExecutionEvent>) -> Result<(), AdminError> {
        let event = event.ok_or_else(|| AdminError::missing("event"))?;
        let id = event.id.clone().ok_or_else(|| AdminError::missing("event.id"))?;
        let execution = id
            .execution_id
            .as_ref()
            .map(ExecutionKey::from)
            .ok_or_else(|| AdminError::missing("event.id.execution_id"))?;
        let now = self.now();
        self.database.write(|tables| {
            let run = tables.executions.get(&execution).ok_or_else(|| not_found(&execution))?;
            check_cluster(&run.cluster, &event.producer_id)?;
            let key = NodeKey {
                execution,
                node: id.node_id.clone(),
            };
            let mut row = match tables.nodes.get(&key) {
                Some(row) => row.clone(),
                None => NodeRow {
                    message: NodeExecution {
                        id: Some(id),
                        closure: Some(NodeExecutionClosure {
                            created_at: Some(now),
                            ..NodeExecutionClosure::default()
                        }),
                        ..NodeExecution::default()
                    },
                    parent: String::new(),
                    outputs_uri: String::new(),
                    dynamic: None,
                },
            };
            let closure = row.message.closure.get_or_insert_default();
            if closure.started_at.is_some() && closure.phase == event.phase {
                return Err(AdminError::new(
                    Code::AlreadyExists,
                    format!("This phase was already recorded for node [{}]", key.node),
                ));
            }
            if terminal(closure.phase) {
                return Err(AdminError::precondition(
                    format!("node [{}] is already in a terminal phase", key.node),
                    Some(Reason::AlreadyInTerminalState(EventErrorAlreadyInTerminalState {
                        current_phase: phase_name(event.phase),
                    })),
                ));
            }
            closure.updated_at = Some(now);
            store(&mut row, event);
            tables.nodes.put(key, row);
            Ok(())
        })
    }
}

/// Upstream names the phase of the event, not the recorded one.
fn phase_name(phase: i32) -> String {
    Phase::try_from(phase).map_or("UNDEFINED", |phase| phase.as_str_name()).to_owned()
}

/// Whether nothing follows this phase.
pub(crate) fn terminal(phase: i32) -> bool {
    [
        Phase::Succeeded,
        Phase::Failed,
        Phase::Aborted,
        Phase::Skipped,
        Phase::TimedOut,
        Phase::Recovered,
    ]
    .iter()
    .any(|terminal| *terminal as i32 == phase)
}

fn store(row: &mut NodeRow, event: NodeExecutionEvent) {
    let closure = row.message.closure.get_or_insert_default();
    closure.phase = event.phase;
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
    match event.target_metadata {
        Some(EventTarget::WorkflowNodeMetadata(child)) => {
            closure.target_metadata = Some(TargetMetadata::WorkflowNodeMetadata(WorkflowNodeMetadata {
                execution_id: child.execution_id,
            }));
        }
        Some(EventTarget::TaskNodeMetadata(task)) => {
            closure.target_metadata = Some(TargetMetadata::TaskNodeMetadata(TaskNodeMetadata {
                cache_status: task.cache_status,
                catalog_key: task.catalog_key,
                checkpoint_uri: task.checkpoint_uri,
            }));
            if let Some(workflow) = task.dynamic_workflow {
                closure.dynamic_job_spec_uri.clone_from(&workflow.dynamic_job_spec_uri);
                row.dynamic = Some(DynamicWorkflowNodeMetadata {
                    id: workflow.id,
                    compiled_workflow: workflow.compiled_workflow,
                    dynamic_job_spec_uri: workflow.dynamic_job_spec_uri,
                });
            }
        }
        None => {}
    }
    if let Some(InputValue::InputUri(uri)) = event.input_value {
        row.message.input_uri = uri;
    }
    if let Some(parent) = event.parent_node_metadata {
        row.parent = parent.node_id;
    }
    row.message.metadata = Some(NodeExecutionMetaData {
        retry_group: event.retry_group,
        is_parent_node: event.is_parent,
        spec_node_id: event.spec_node_id,
        is_dynamic: event.is_dynamic,
        is_array: event.is_array,
        is_eager: event.is_eager,
    });
}
