//! Nodes that ended well in the run that this one recovers: they do not run again. Nor do tasks that wrote a workflow there, whatever came of it.

use bytes::Bytes;

use super::events::{RoundError, system};
use super::nodes::Run;
use super::scope::Scope;
use crate::crd::{Node, NodePhase, NodeStatus};
use crate::proto::admin::NodeExecution;
use crate::proto::admin::node_execution_closure::TargetMetadata as Recorded;
use crate::proto::core::node_execution::Phase;
use crate::proto::core::{LiteralMap, NodeExecutionIdentifier, WorkflowExecutionIdentifier};
use crate::proto::event::node_execution_event::TargetMetadata;
use crate::proto::event::{DynamicWorkflowNodeMetadata, TaskNodeMetadata, WorkflowNodeMetadata};

/// What is taken over from the other run's node.
pub(super) enum Recovered {
    /// It ended well: its inputs, its outputs already, and what was told of it.
    Node {
        inputs: LiteralMap,
        target: Option<Box<TargetMetadata>>,
    },
    /// Its task ended well, but not the workflow that the task wrote: that is here, as the task left it.
    Workflow(Bytes),
}

impl Run<'_> {
    /// A node of the run that this one recovers, by its unique id. Whatever keeps the answer away, the node then runs as any other.
    pub(super) async fn recorded(&self, unique: &str) -> Option<NodeExecution> {
        let run = self.object.execution_config.recovery_execution.as_ref()?;
        let id = NodeExecutionIdentifier {
            node_id: unique.to_owned(),
            execution_id: Some(WorkflowExecutionIdentifier {
                project: run.project.clone(),
                domain: run.domain.clone(),
                name: run.name.clone(),
                org: String::new(),
            }),
        };
        self.engine.admin().node(id).await.ok()
    }

    /// Takes over a node's inputs and outputs from the run that this one recovers, if it ended well there.
    pub(super) async fn recover(&self, scope: &Scope<'_>, node: &Node, status: &mut NodeStatus) -> Result<Option<Recovered>, RoundError> {
        let unique = scope.unique(&node.id);
        let Some(recorded) = self.recorded(&unique).await else {
            return Ok(None);
        };
        let closure = recorded.closure.unwrap_or_default();
        let well = [Phase::Succeeded, Phase::Recovered]
            .iter()
            .any(|phase| *phase as i32 == closure.phase);
        if !well {
            let dynamic = recorded.metadata.is_some_and(|metadata| metadata.is_dynamic);
            let uri = closure.dynamic_job_spec_uri;
            let written = match dynamic && !uri.is_empty() {
                true => self.engine.data.content(&uri).map_err(system)?,
                false => None,
            };
            return Ok(written.map(Recovered::Workflow));
        }
        let Ok(data) = self.engine.admin().node_data(recorded.id.unwrap_or_default()).await else {
            return Ok(None);
        };
        let inputs = data.full_inputs.unwrap_or_default();
        let outputs = data.full_outputs.unwrap_or_default();
        let dynamic = data.dynamic_workflow.map(|workflow| DynamicWorkflowNodeMetadata {
            id: workflow.id,
            compiled_workflow: workflow.compiled_workflow,
            dynamic_job_spec_uri: workflow.dynamic_job_spec_uri,
        });
        self.succeed(scope, node, status, &outputs)?;
        status.phase = NodePhase::Recovered;
        let target = match closure.target_metadata {
            Some(Recorded::TaskNodeMetadata(task)) => Some(TargetMetadata::TaskNodeMetadata(TaskNodeMetadata {
                cache_status: task.cache_status,
                catalog_key: task.catalog_key,
                dynamic_workflow: dynamic,
                ..TaskNodeMetadata::default()
            })),
            Some(Recorded::WorkflowNodeMetadata(child)) => Some(TargetMetadata::WorkflowNodeMetadata(WorkflowNodeMetadata {
                execution_id: child.execution_id,
            })),
            None => None,
        };
        Ok(Some(Recovered::Node {
            inputs,
            target: target.map(Box::new),
        }))
    }
}
