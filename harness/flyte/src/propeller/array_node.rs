//! A node that runs once for each element of its inputs that are lists (`map_task`).
//!
//! Tasks of elements are told of as parts of the array's one task execution, as flytepropeller does with
//! `array-node-config.event-version: 0`, its default.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::elements::{inputs_of, list, none, size, summary};
use super::engine::Waits;
use super::events::{RoundError, proto_error, system};
use super::nodes::{Run, stronger};
use super::scope::{Element, Scope};
use crate::crd::{Array, ExecutionError, Node, NodePhase, NodeStatus, NodeTarget};
use crate::naming;
use crate::proto::core::node_execution::Phase as NodeReport;
use crate::proto::core::task_execution::Phase;
use crate::proto::core::{Literal, LiteralMap};
use crate::proto::event::task_execution_event::{InputValue, OutputResult};
use crate::proto::event::{ExternalResourceInfo, TaskExecutionEvent, TaskExecutionMetadata};

/// What the elements of one round told of their tasks.
type Told = Mutex<Vec<ExternalResourceInfo>>;

impl Run<'_> {
    /// Starts or follows the elements.
    pub(super) async fn array(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        array: &Array,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
        first: bool,
    ) -> Result<Waits, RoundError> {
        let size = match size(array, inputs) {
            Ok(size) => size,
            Err(message) => {
                status.error = Some(ExecutionError {
                    code: "InvalidArrayLength".to_owned(),
                    message,
                    user: true,
                });
                status.phase = NodePhase::Failed;
                return Ok(Waits::Watch);
            }
        };
        if first {
            let queued = (0..size).map(|index| self.resource(&self.inside(scope, node, status), index, 0, Phase::Queued));
            self.array_report(scope, node, array, status, Phase::Queued, queued.collect())
                .await?;
            self.report(scope, node, NodeReport::Running, status, None).await?;
        }
        let told = Told::default();
        let waits = self.elements(scope, node, array, status, inputs, &told).await;
        let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
        let waits = waits?;
        if !told.is_empty() {
            status.version += 1;
            self.array_report(scope, node, array, status, Phase::Running, told).await?;
        }
        let elements = || status.node_status.values();
        let succeeded = elements().filter(|element| element.phase.done()).count();
        let failed = elements().filter(|element| element.phase == NodePhase::Failed).count();
        if size - failed < array.succeeds.of(size) {
            let stopped = self.stop_elements(scope, node, array, status).await?;
            status.error = Some(summary(&status.node_status));
            self.array_report(scope, node, array, status, Phase::Failed, stopped).await?;
            status.phase = NodePhase::Failed;
        } else if succeeded + failed == size {
            let outputs = self.gathered(scope, node, array, status, size)?;
            self.succeed(scope, node, status, &outputs)?;
            self.array_report(scope, node, array, status, Phase::Succeeded, Vec::new()).await?;
        }
        Ok(waits)
    }

    /// Takes every element further that has not ended, but no more than may run at once.
    async fn elements(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        array: &Array,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
        told: &Told,
    ) -> Result<Waits, RoundError> {
        let inside = self.inside(scope, node, status);
        let most = match array.parallelism {
            0 => usize::MAX,
            most => most as usize,
        };
        let (mut waits, mut under_way) = (Waits::Watch, 0);
        for index in 0..size(array, inputs).unwrap_or_default() {
            let (inside, element) = (of_element(&inside, array, index, Some(told)), element(array, index));
            let mut progress = status.node_status.get(&element.id).cloned().unwrap_or_default();
            if under_way == most {
                break;
            }
            if !matches!(progress.phase, NodePhase::NotYetStarted | NodePhase::Running) {
                continue;
            }
            under_way += 1;
            let own = inputs_of(array, inputs, index);
            let waiting = Box::pin(self.further(&inside, &element, &mut progress, own, &BTreeMap::new())).await;
            if progress.phase == NodePhase::Running {
                waits = stronger(waits, waiting.clone().unwrap_or(Waits::Watch));
            }
            status.node_status.insert(element.id, progress);
            waiting?;
        }
        Ok(waits)
    }

    /// The outputs of all elements as lists; one that failed, and may, has none.
    fn gathered(&self, scope: &Scope<'_>, node: &Node, array: &Array, status: &NodeStatus, size: usize) -> Result<LiteralMap, RoundError> {
        let declared: Vec<String> = match &array.node.target {
            NodeTarget::Task(task) => {
                let interface = scope.task(self.object, task)?.template.0.interface.clone();
                let outputs = interface.and_then(|interface| interface.outputs).unwrap_or_default();
                outputs.variables.into_keys().collect()
            }
            _ => Vec::new(),
        };
        let mut lists: BTreeMap<String, Vec<Literal>> = declared.iter().map(|name| (name.clone(), Vec::new())).collect();
        for index in 0..size {
            let inside = of_element(&self.inside(scope, node, status), array, index, None);
            let element = element(array, index);
            let of = status.node_status.get(&element.id).cloned().unwrap_or_default();
            let outputs = match of.phase {
                phase if phase.done() => {
                    let uri = self.outputs_uri(&inside, &element, of.attempts).to_string();
                    self.engine.data.read(&uri).map_err(system)?.unwrap_or_default().literals
                }
                _ => declared.iter().map(|name| (name.clone(), none())).collect(),
            };
            for (name, literal) in outputs {
                lists.entry(name).or_default().push(literal);
            }
        }
        let literals = lists.into_iter().map(|(name, literals)| (name, list(literals)));
        Ok(LiteralMap {
            literals: literals.collect(),
        })
    }

    /// Stops the array.
    pub(super) async fn abort_array(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        array: &Array,
        status: &mut NodeStatus,
        report: bool,
    ) -> Result<(), RoundError> {
        let stopped = self.stop_elements(scope, node, array, status).await?;
        match report {
            true => self.array_report(scope, node, array, status, Phase::Aborted, stopped).await,
            false => Ok(()),
        }
    }

    /// Stops the elements that run; what is to be told of their tasks.
    async fn stop_elements(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        array: &Array,
        status: &mut NodeStatus,
    ) -> Result<Vec<ExternalResourceInfo>, RoundError> {
        let told = Told::default();
        let inside = self.inside(scope, node, status);
        let indexes: Vec<usize> = status
            .node_status
            .keys()
            .filter_map(|id| id.strip_prefix('n')?.parse().ok())
            .collect();
        for index in indexes {
            let (inside, element) = (of_element(&inside, array, index, Some(&told)), element(array, index));
            if let Some(progress) = status.node_status.get_mut(&element.id) {
                self.abort_node(&inside, &element, progress, true).await?;
            }
        }
        Ok(told.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// How one element's attempt is named among the array's.
    pub(super) fn resource(&self, inside: &Scope<'_>, index: usize, attempt: u32, phase: Phase) -> ExternalResourceInfo {
        let (array, of) = inside.parent.clone().unwrap_or_default();
        let name = naming::pod_name(&self.object.execution_id.name, &array, of);
        ExternalResourceInfo {
            external_id: format!("{name}-n{index}-{attempt}"),
            index: u32::try_from(index).unwrap_or(u32::MAX),
            retry_attempt: attempt,
            phase: phase as i32,
            ..ExternalResourceInfo::default()
        }
    }

    /// Reports the array's task execution. Arrays of launch plans have none.
    async fn array_report(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        array: &Array,
        status: &NodeStatus,
        phase: Phase,
        external_resources: Vec<ExternalResourceInfo>,
    ) -> Result<(), RoundError> {
        let NodeTarget::Task(task) = &array.node.target else {
            return Ok(());
        };
        let inputs = self.engine.data.uri(self.object, &scope.inputs(&node.id)).to_string();
        let event = TaskExecutionEvent {
            task_id: scope.task(self.object, task)?.template.0.id.clone(),
            parent_node_execution_id: Some(self.node_id(scope.unique(&node.id))),
            phase: phase as i32,
            phase_version: if phase == Phase::Running { status.version } else { 0 },
            input_value: Some(InputValue::InputUri(inputs)),
            output_result: match (&status.error, phase) {
                (Some(error), Phase::Failed) => Some(OutputResult::Error(proto_error(error))),
                (_, Phase::Succeeded) => Some(OutputResult::OutputUri(status.output_reference.clone())),
                _ => None,
            },
            task_type: "container_array".to_owned(),
            metadata: Some(TaskExecutionMetadata {
                external_resources,
                plugin_identifier: "k8s-array".to_owned(),
                ..TaskExecutionMetadata::default()
            }),
            event_version: 1,
            ..TaskExecutionEvent::default()
        };
        self.engine.events.task(event).await
    }
}

/// The node that stands for one element.
fn element(array: &Array, index: usize) -> Node {
    let id = format!("n{index}");
    Node {
        name: id.clone(),
        id,
        upstream: Vec::new(),
        inputs: Vec::new(),
        ..array.node.clone()
    }
}

/// The array's inside, for one of its elements. Tasks are told of by the array.
fn of_element<'a>(inside: &Scope<'a>, array: &Array, index: usize, told: Option<&'a Told>) -> Scope<'a> {
    Scope {
        element: Some(Element {
            index,
            individual: array.individual,
            collected: told.filter(|_| matches!(array.node.target, NodeTarget::Task(_))),
        }),
        ..inside.clone()
    }
}
