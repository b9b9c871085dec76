//! A task whose outputs are those of a workflow that it wrote.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::dynamic::Dynamic;
use super::engine::{Waits, execution_id};
use super::events::{RoundError, system};
use super::nodes::{Outcome, Run};
use super::scope::Scope;
use crate::crd::{ExecutionError, Node, NodePhase, NodeStatus, NodeTarget, Task};
use crate::proto::core::node_execution::Phase as NodeReport;
use crate::proto::event::node_execution_event::TargetMetadata;
use crate::proto::event::{DynamicWorkflowNodeMetadata, TaskNodeMetadata};
use crate::stores::ObjectUri;

impl Run<'_> {
    /// Whether the present attempt of a task wrote a workflow in place of outputs.
    pub(super) fn wrote_workflow(&self, scope: &Scope<'_>, node: &Node, status: &NodeStatus) -> Result<bool, RoundError> {
        let content = self.engine.data.content(&self.futures_uri(scope, node, status)).map_err(system)?;
        Ok(content.is_some())
    }

    /// Tells of the workflow; from now on the node runs it.
    pub(super) async fn unfold(&self, scope: &Scope<'_>, node: &Node, task: &Task, status: &mut NodeStatus) -> Result<(), RoundError> {
        let made = match self.written(scope, node, task, status)? {
            Ok(made) => made,
            Err(error) => {
                fail(status, error);
                return Ok(());
            }
        };
        status.dynamic = true;
        let metadata = DynamicWorkflowNodeMetadata {
            id: made
                .closure
                .primary
                .as_ref()
                .and_then(|primary| primary.template.as_ref()?.id.clone()),
            compiled_workflow: Some(made.closure),
            dynamic_job_spec_uri: self.futures_uri(scope, node, status),
        };
        let target = TargetMetadata::TaskNodeMetadata(TaskNodeMetadata {
            dynamic_workflow: Some(metadata),
            ..TaskNodeMetadata::default()
        });
        self.report(scope, node, NodeReport::DynamicRunning, status, Some(target)).await
    }

    /// Takes over a workflow that the node's task wrote in another run: the task does not run.
    pub(super) async fn take_workflow(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        status: &mut NodeStatus,
        written: Bytes,
    ) -> Result<(), RoundError> {
        let NodeTarget::Task(id) = &node.target else { return Ok(()) };
        let uri: ObjectUri = self.futures_uri(scope, node, status).parse().map_err(system)?;
        self.engine.data.objects.put_uri(&uri, written).map_err(system)?;
        self.report(scope, node, NodeReport::Running, status, None).await?;
        self.unfold(scope, node, scope.task(self.object, id)?, status).await
    }

    /// Takes the workflow further.
    pub(super) fn dynamic<'s>(
        &'s self,
        scope: &'s Scope<'s>,
        node: &'s Node,
        task: &'s Task,
        status: &'s mut NodeStatus,
    ) -> BoxFuture<'s, Result<Waits, RoundError>> {
        async move {
            let made = match self.written(scope, node, task, status)? {
                Ok(made) => made,
                Err(error) => {
                    fail(status, error);
                    return Ok(Waits::Watch);
                }
            };
            let inside = self.inside_dynamic(scope, node, status, &made);
            match self.workflow(inside.clone(), &mut status.node_status).await? {
                Outcome::Running(waits) => return Ok(waits),
                Outcome::Succeeded => {
                    let outputs = self.engine.data.resolve(&made.spec.outputs, &inside.inputs, &status.node_status);
                    self.succeed(scope, node, status, &outputs.map_err(system)?)?;
                }
                Outcome::Failed(error) => {
                    self.abort_in(inside, &mut status.node_status, true).await?;
                    status.error = Some(error);
                    status.phase = NodePhase::Failed;
                }
            }
            Ok(Waits::Watch)
        }
        .boxed()
    }

    /// Stops what runs of the workflow.
    pub(super) async fn abort_dynamic(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        task: &Task,
        status: &mut NodeStatus,
        report: bool,
    ) -> Result<(), RoundError> {
        let Ok(made) = self.written(scope, node, task, status)? else {
            return Ok(());
        };
        let inside = self.inside_dynamic(scope, node, status, &made);
        self.abort_in(inside, &mut status.node_status, report).await
    }

    fn inside_dynamic<'s>(&self, scope: &Scope<'s>, node: &Node, status: &NodeStatus, made: &'s Dynamic) -> Scope<'s> {
        Scope {
            spec: &made.spec,
            inputs: BTreeMap::new(),
            dynamic: Some(made),
            ..self.inside(scope, node, status)
        }
    }

    fn written(&self, scope: &Scope<'_>, node: &Node, task: &Task, status: &NodeStatus) -> Result<Result<Dynamic, String>, RoundError> {
        let uri = self.futures_uri(scope, node, status);
        let content = self.engine.data.content(&uri).map_err(system)?;
        let content = content.ok_or_else(|| RoundError::System(format!("{uri} is gone")))?;
        let interface = task.template.0.interface.clone();
        Ok(Dynamic::read(
            content,
            &execution_id(self.object),
            &scope.unique(&node.id),
            interface,
        ))
    }

    fn futures_uri(&self, scope: &Scope<'_>, node: &Node, status: &NodeStatus) -> String {
        let outputs = self.outputs_uri(scope, node, status.attempts).to_string();
        format!("{}/futures.pb", outputs.trim_end_matches("/outputs.pb"))
    }
}

fn fail(status: &mut NodeStatus, message: String) {
    status.error = Some(ExecutionError {
        code: "DynamicWorkflowBuildFailed".to_owned(),
        message,
        user: true,
    });
    status.phase = NodePhase::Failed;
}
