//! A node that runs a task: one pod for each attempt.

use std::sync::PoisonError;

use super::cache::Turn;
use super::engine::Waits;
use super::error_document;
use super::events::{RoundError, proto_error, system};
use super::nodes::{Run, stronger};
use super::pod::{Attempt, Places, primary};
use super::scope::Scope;
use super::seen_pod::{PodState, SeenPod};
use crate::crd::{ExecutionError, Node, NodePhase, NodeStatus, Task};
use crate::naming;
use crate::proto::core::node_execution::Phase as NodeReport;
use crate::proto::core::task_execution::Phase;
use crate::proto::core::{LiteralMap, TaskTemplate};
use crate::proto::event::task_execution_event::{InputValue, OutputResult};
use crate::proto::event::{TaskExecutionEvent, TaskExecutionMetadata};

impl Run<'_> {
    /// Takes the node further: what its task does, then the workflow that the task wrote.
    pub(super) async fn task_node(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        task: &Task,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
        first: bool,
    ) -> Result<Waits, RoundError> {
        let cached = self.cached(scope, node, task, inputs)?;
        let (begins, mut waits) = match self.turn(scope, node, cached.as_ref(), status, first).await? {
            Turn::Done => return Ok(Waits::Watch),
            Turn::Waits => return Ok(Waits::Children),
            Turn::Runs { begins, waits } => (begins, waits),
        };
        if begins && !status.dynamic && self.launch(scope, node, task, status, inputs).await? {
            self.report(scope, node, NodeReport::Running, status, Self::begins(cached.as_ref()))
                .await?;
        }
        if !status.dynamic && status.phase == NodePhase::Running {
            self.task(scope, node, task, status, inputs).await?;
        }
        if status.dynamic && status.phase == NodePhase::Running {
            waits = stronger(waits, self.dynamic(scope, node, task, status).await?);
        }
        let target = match (&cached, status.phase) {
            (Some(cached), NodePhase::Succeeded) => Some(self.populate(scope, node, cached, status).await?),
            _ => None,
        };
        self.report_end(scope, node, status, target).await?;
        Ok(waits)
    }

    /// Follows the present attempt.
    async fn task(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        task: &Task,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
    ) -> Result<(), RoundError> {
        let pod = self.current_pod(scope, node, status).await?;
        match pod.as_ref().and_then(|pod| pod.phase(primary(task))) {
            Some("Running") if !status.running => {
                self.task_report(scope, node, task, status, Phase::Running).await?;
                status.running = true;
                Ok(())
            }
            Some("Succeeded") => match self.told_error(scope, node, status)? {
                Some(told) => self.attempt_failed(scope, node, task, status, inputs, told).await,
                None => self.pod_succeeded(scope, node, task, status).await,
            },
            Some("Failed") => {
                let error = pod_error(&self.pod_name(scope, node, status), &pod.unwrap_or_default(), primary(task));
                self.attempt_failed(scope, node, task, status, inputs, (error, true)).await
            }
            None if pod.is_none() => {
                let error = ExecutionError {
                    code: "PodDeleted".to_owned(),
                    message: format!(
                        "object [{}] terminated in the background, manually",
                        self.pod_name(scope, node, status)
                    ),
                    user: false,
                };
                self.attempt_failed(scope, node, task, status, inputs, (error, true)).await
            }
            _ => Ok(()),
        }
    }

    /// Creates the attempt's pod. False if the task cannot be run here at all; the node has failed then.
    async fn launch(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        task: &Task,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
    ) -> Result<bool, RoundError> {
        let engine = self.engine;
        let output_prefix = self.outputs_uri(scope, node, status.attempts).to_string();
        let output_prefix = output_prefix.trim_end_matches("/outputs.pb").to_owned();
        let input = engine.data.uri(self.object, &scope.inputs(&node.id)).to_string();
        let raw = match &self.object.raw_output_data_config.output_location_prefix {
            prefix if prefix.is_empty() => &engine.config.raw_output_prefix,
            prefix => prefix,
        };
        let pod_name = self.pod_name(scope, node, status);
        let attempt = Attempt {
            object: self.object,
            task,
            node: &node.id,
            number: status.attempts,
            places: Places {
                input_prefix: input.trim_end_matches("/inputs.pb").to_owned(),
                input,
                output_prefix,
                raw_output_prefix: format!("{}/{pod_name}", raw.trim_end_matches('/')),
                unique_key: pod_name.replace('-', "_"),
            },
            pod_name,
            element: scope.element.map(|element| (element.index, element.individual)),
            inputs,
            interruptible: self.interruptible(node, status).then_some(&engine.config.interruptible),
            store_id: &engine.store_id,
            default_cpu: &engine.config.default_cpu,
            default_memory: &engine.config.default_memory,
        };
        let pod = match attempt.pod() {
            Ok(pod) => pod,
            Err(error) => {
                status.error = Some(ExecutionError {
                    code: "BadTaskSpecification".to_owned(),
                    message: error.to_string(),
                    user: true,
                });
                status.phase = NodePhase::Failed;
                return Ok(false);
            }
        };
        let pod = engine.cluster.create_pod(pod).await?;
        self.remember(pod);
        self.task_report(scope, node, task, status, Phase::Queued).await?;
        Ok(true)
    }

    /// Whether a node's next attempt may run on a machine that can be taken away.
    fn interruptible(&self, node: &Node, status: &NodeStatus) -> bool {
        let asked = node.interruptible.or(self.object.execution_config.interruptible);
        asked.unwrap_or(false) && status.system_failures < self.engine.config.interruptible.failures
    }

    /// The error that the present attempt wrote in place of outputs, and whether another attempt may help.
    fn told_error(&self, scope: &Scope<'_>, node: &Node, status: &NodeStatus) -> Result<Option<(ExecutionError, bool)>, RoundError> {
        let uri = self.outputs_uri(scope, node, status.attempts).to_string();
        let uri = format!("{}/error.pb", uri.trim_end_matches("/outputs.pb"));
        let content = self.engine.data.content(&uri).map_err(system)?;
        Ok(content.map(|content| error_document::read(&uri, content)))
    }

    async fn pod_succeeded(&self, scope: &Scope<'_>, node: &Node, task: &Task, status: &mut NodeStatus) -> Result<(), RoundError> {
        let uri = self.outputs_uri(scope, node, status.attempts).to_string();
        let written = self.engine.data.read(&uri).map_err(system)?;
        if written.is_none() && scope.element.is_none() && self.wrote_workflow(scope, node, status)? {
            self.task_report(scope, node, task, status, Phase::Succeeded).await?;
            return self.unfold(scope, node, task, status).await;
        }
        match written {
            None if declares_outputs(&task.template.0) => {
                status.error = Some(ExecutionError {
                    code: "OutputsNotFound".to_owned(),
                    message: format!("outputs not generated by task execution: {uri} does not exist"),
                    user: true,
                });
                status.phase = NodePhase::Failed;
                self.task_report(scope, node, task, status, Phase::Failed).await
            }
            _ => {
                status.output_reference = uri;
                self.task_report(scope, node, task, status, Phase::Succeeded).await?;
                status.phase = NodePhase::Succeeded;
                Ok(())
            }
        }
    }

    /// Starts the next attempt, or fails the node: at once if the error says that another attempt will not help.
    async fn attempt_failed(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        task: &Task,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
        (error, recoverable): (ExecutionError, bool),
    ) -> Result<(), RoundError> {
        status.system_failures += u32::from(!error.user);
        status.error = Some(error.clone());
        self.task_report(scope, node, task, status, Phase::Failed).await?;
        let of_task = task.template.0.metadata.as_ref();
        let of_task = of_task
            .and_then(|metadata| metadata.retries.as_ref())
            .map_or(0, |strategy| strategy.retries);
        let retries = node.retries.max(of_task);
        if !recoverable {
            status.phase = NodePhase::Failed;
            return Ok(());
        }
        if status.attempts >= retries {
            status.error = Some(exhausted(&error, status.attempts + 1, retries + 1));
            status.phase = NodePhase::Failed;
            return Ok(());
        }
        status.error = None;
        status.running = false;
        status.attempts += 1;
        self.launch(scope, node, task, status, inputs).await.map(|_| ())
    }

    /// Deletes the present attempt's pod.
    pub(super) async fn stop_task(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        task: &Task,
        status: &NodeStatus,
        report: bool,
    ) -> Result<(), RoundError> {
        let namespace = self.object.metadata.namespace.as_deref().unwrap_or_default();
        let name = self.pod_name(scope, node, status);
        self.engine.cluster.delete_pod(namespace, &name).await?;
        match report {
            true => self.task_report(scope, node, task, status, Phase::Aborted).await,
            false => Ok(()),
        }
    }

    /// The attempt's pod as last seen; asked for if it has not been seen.
    async fn current_pod(&self, scope: &Scope<'_>, node: &Node, status: &NodeStatus) -> Result<Option<PodState>, RoundError> {
        let namespace = self.object.metadata.namespace.clone().unwrap_or_default();
        let name = self.pod_name(scope, node, status);
        let key = (namespace, name);
        let seen = self.engine.pods.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        match seen {
            Some(pod) => Ok(Some(pod)),
            None => Ok(self.engine.cluster.pod(&key.0, &key.1).await?.map(|pod| pod.status)),
        }
    }

    fn remember(&self, pod: SeenPod) {
        let mut pods = self.engine.pods.lock().unwrap_or_else(PoisonError::into_inner);
        pods.entry(pod.key()).or_insert(pod.status);
    }

    fn pod_name(&self, scope: &Scope<'_>, node: &Node, status: &NodeStatus) -> String {
        let execution = &self.object.execution_id.name;
        naming::pod_name(execution, &scope.unique(&node.id), status.attempts)
    }

    async fn task_report(&self, scope: &Scope<'_>, node: &Node, task: &Task, status: &NodeStatus, phase: Phase) -> Result<(), RoundError> {
        if let Some((element, collected)) = scope.element.and_then(|element| Some((element, element.collected?))) {
            let resource = self.resource(scope, element.index, status.attempts, phase);
            collected.lock().unwrap_or_else(PoisonError::into_inner).push(resource);
            return Ok(());
        }
        let inputs = self.engine.data.uri(self.object, &scope.inputs(&node.id));
        let event = TaskExecutionEvent {
            task_id: task.template.0.id.clone(),
            parent_node_execution_id: Some(self.node_id(scope.unique(&node.id))),
            retry_attempt: status.attempts,
            phase: phase as i32,
            input_value: Some(InputValue::InputUri(inputs.to_string())),
            output_result: match (&status.error, phase) {
                (Some(error), Phase::Failed) => Some(OutputResult::Error(proto_error(error))),
                (_, Phase::Succeeded) => Some(OutputResult::OutputUri(status.output_reference.clone())),
                _ => None,
            },
            task_type: task.kind.clone(),
            metadata: Some(TaskExecutionMetadata {
                generated_name: self.pod_name(scope, node, status),
                plugin_identifier: "container".to_owned(),
                ..TaskExecutionMetadata::default()
            }),
            event_version: i32::try_from(self.object.workflow_meta.event_version).unwrap_or(0),
            ..TaskExecutionEvent::default()
        };
        self.engine.events.task(event).await
    }
}

/// The node's error after its last attempt.
fn exhausted(last: &ExecutionError, attempt: u32, most: u32) -> ExecutionError {
    let kind = if last.user { "USER" } else { "SYSTEM" };
    ExecutionError {
        code: format!("RetriesExhausted|{}", last.code),
        message: format!("[{attempt}/{most}] currentAttempt done. Last Error: {kind}::{}", last.message),
        user: true,
    }
}

fn declares_outputs(template: &TaskTemplate) -> bool {
    let outputs = template.interface.as_ref().and_then(|interface| interface.outputs.as_ref());
    outputs.is_some_and(|outputs| !outputs.variables.is_empty())
}

/// Why a pod failed: its own reason, or its container's end.
fn pod_error(name: &str, pod: &PodState, primary: Option<&str>) -> ExecutionError {
    let ended = pod.ended(primary);
    let message = match (&pod.message, ended) {
        (Some(message), _) => message.clone(),
        (None, Some(ended)) => format!(
            "[{name}] terminated with exit code ({}). Reason [{}]. Message: {}.",
            ended.exit_code,
            ended.reason.as_deref().unwrap_or_default(),
            ended.message.as_deref().unwrap_or_default(),
        ),
        (None, None) => "pod failed".to_owned(),
    };
    let code = pod.reason.as_ref().or_else(|| ended?.reason.as_ref());
    ExecutionError {
        code: code.cloned().unwrap_or_else(|| "UnknownError".to_owned()),
        message,
        user: true,
    }
}
