//! A node that runs a launch plan: a run of its own, which the control plane places.

use tonic::Code;

use super::engine::{call_failed, execution_id};
use super::events::RoundError;
use super::nodes::Run;
use super::scope::Scope;
use crate::admin::executions_terminal as terminal;
use crate::crd::{ExecutionError, ExecutionId, Node, NodePhase, NodeStatus, SHARD_KEY};
use crate::naming;
use crate::proto::admin::execution_closure::OutputResult;
use crate::proto::admin::execution_metadata::ExecutionMode;
use crate::proto::admin::node_execution_closure::TargetMetadata as Recorded;
use crate::proto::admin::{
    ExecutionCreateRequest, ExecutionMetadata, ExecutionRecoverRequest, ExecutionSpec, Labels, WorkflowNodeMetadata as WorkflowNode,
};
use crate::proto::core::node_execution::Phase as NodeReport;
use crate::proto::core::workflow_execution::Phase;
use crate::proto::core::{Identifier, LiteralMap, ResourceType, WorkflowExecutionIdentifier};
use crate::proto::event::WorkflowNodeMetadata;
use crate::proto::event::node_execution_event::TargetMetadata;

impl Run<'_> {
    /// Starts or follows the child run.
    pub(super) async fn launch_plan(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        plan: (&ExecutionId, &str),
        status: &mut NodeStatus,
        inputs: LiteralMap,
        first: bool,
    ) -> Result<(), RoundError> {
        let unique = scope.unique(&node.id);
        let child = self.child(&unique, status);
        if first {
            if let Some(refusal) = self.start_child(&child, plan, unique, inputs).await? {
                status.error = Some(refusal);
                status.phase = NodePhase::Failed;
                return Ok(());
            }
            let target = TargetMetadata::WorkflowNodeMetadata(WorkflowNodeMetadata { execution_id: Some(child) });
            return self.report(scope, node, NodeReport::Running, status, Some(target)).await;
        }
        let admin = self.engine.admin();
        let run = admin.execution(child.clone()).await.map_err(|status| call_failed(&status))?;
        let closure = run.closure.unwrap_or_default();
        if closure.phase == Phase::Succeeded as i32 {
            let outputs = admin.outputs(child).await.map_err(|status| call_failed(&status))?;
            self.succeed(scope, node, status, &outputs)?;
        } else if terminal(closure.phase) {
            let (code, message) = match closure.output_result {
                Some(OutputResult::Error(error)) => (error.code, error.message),
                Some(OutputResult::AbortMetadata(abort)) => ("LaunchPlanAborted".to_owned(), abort.cause),
                _ => ("LaunchPlanFailed".to_owned(), String::new()),
            };
            status.error = Some(ExecutionError {
                code,
                message: format!("launchplan [{}] failed: {message}", child.name),
                user: true,
            });
            status.phase = NodePhase::Failed;
        }
        Ok(())
    }

    /// Asks for the child run. A refusal that no repetition helps against is the answer.
    async fn start_child(
        &self,
        child: &WorkflowExecutionIdentifier,
        (plan, version): (&ExecutionId, &str),
        node: String,
        inputs: LiteralMap,
    ) -> Result<Option<ExecutionError>, RoundError> {
        if self.recover_child(child, &node).await {
            return Ok(None);
        }
        let mut labels = self.object.metadata.labels.clone().unwrap_or_default();
        labels.remove(SHARD_KEY);
        let request = ExecutionCreateRequest {
            project: child.project.clone(),
            domain: child.domain.clone(),
            name: child.name.clone(),
            spec: Some(ExecutionSpec {
                launch_plan: Some(Identifier {
                    resource_type: ResourceType::LaunchPlan as i32,
                    project: plan.project.clone(),
                    domain: plan.domain.clone(),
                    name: plan.name.clone(),
                    version: version.to_owned(),
                    org: String::new(),
                }),
                metadata: Some(ExecutionMetadata {
                    mode: ExecutionMode::ChildWorkflow as i32,
                    parent_node_execution: Some(self.node_id(node)),
                    ..ExecutionMetadata::default()
                }),
                labels: Some(Labels { values: labels }),
                ..ExecutionSpec::default()
            }),
            inputs: Some(inputs),
            org: String::new(),
        };
        match self.engine.admin().create_execution(request).await {
            Ok(()) => Ok(None),
            Err(status) => match status.code() {
                Code::AlreadyExists => Ok(None),
                Code::NotFound | Code::InvalidArgument => Ok(Some(ExecutionError {
                    code: "LaunchPlanNotStarted".to_owned(),
                    message: status.message().to_owned(),
                    user: true,
                })),
                _ => Err(call_failed(&status)),
            },
        }
    }

    /// Asks for the child run as a recovery of the one that the node had in the run that this one recovers. False if there is none.
    async fn recover_child(&self, child: &WorkflowExecutionIdentifier, node: &str) -> bool {
        let recorded = self.recorded(node).await.and_then(|recorded| recorded.closure?.target_metadata);
        let Some(Recorded::WorkflowNodeMetadata(WorkflowNode {
            execution_id: Some(before),
        })) = recorded
        else {
            return false;
        };
        let request = ExecutionRecoverRequest {
            id: Some(before),
            name: child.name.clone(),
            metadata: Some(ExecutionMetadata {
                mode: ExecutionMode::ChildWorkflow as i32,
                parent_node_execution: Some(self.node_id(node.to_owned())),
                ..ExecutionMetadata::default()
            }),
        };
        match self.engine.admin().recover_execution(request).await {
            Ok(()) => true,
            // A refusal is no end: then the child starts from the beginning.
            Err(status) => status.code() == Code::AlreadyExists,
        }
    }

    /// Stops the child run.
    pub(super) async fn stop_child(&self, unique: &str, status: &NodeStatus) -> Result<(), RoundError> {
        let child = self.child(unique, status);
        let cause = format!("parent execution [{}] aborted", self.object.execution_id.name);
        match self.engine.admin().terminate(child, cause).await {
            Ok(()) => Ok(()),
            Err(status) => match status.code() {
                Code::NotFound | Code::FailedPrecondition => Ok(()),
                _ => Err(call_failed(&status)),
            },
        }
    }

    fn child(&self, unique: &str, status: &NodeStatus) -> WorkflowExecutionIdentifier {
        let parent = execution_id(self.object);
        WorkflowExecutionIdentifier {
            name: naming::child_execution_name(&parent.name, unique, status.attempts),
            ..parent
        }
    }
}
