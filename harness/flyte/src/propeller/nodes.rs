//! Nodes of a run: what may start, what has ended, what must be stopped.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::engine::{Engine, Waits, execution_id};
use super::events::{RoundError, proto_error, system};
use crate::crd::{Encoded, ExecutionError, FlyteWorkflow, Node, NodePhase, NodeStatus, NodeTarget, WorkflowSpec};
use crate::naming;
use crate::proto::core::node_execution::Phase;
use crate::proto::core::{Literal, LiteralMap, NodeExecutionIdentifier};
use crate::proto::event::node_execution_event::{InputValue, OutputResult, TargetMetadata};
use crate::proto::event::{NodeExecutionEvent, ParentNodeExecutionMetadata};

/// Progress of nodes by id.
pub(crate) type Nodes = BTreeMap<String, NodeStatus>;

/// Where a workflow's nodes are.
#[derive(Debug)]
pub(crate) enum Outcome {
    Running(Waits),
    Succeeded,
    Failed(ExecutionError),
}

/// One evaluation of a run's nodes.
pub(crate) struct Run<'a> {
    pub(super) engine: &'a Engine,
    pub(super) object: &'a FlyteWorkflow,
}

/// A workflow within the run: the run's own, or a node's.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) spec: &'a WorkflowSpec,
    pub(super) inputs: BTreeMap<String, Literal>,
    /// The node that this workflow belongs to, and its attempt.
    pub(super) parent: Option<(String, u32)>,
}

impl Scope<'_> {
    /// A node's id, unique in the run.
    pub(super) fn unique(&self, node: &str) -> String {
        match &self.parent {
            None => node.to_owned(),
            Some((parent, attempt)) => naming::nested_node_id(parent, *attempt, node),
        }
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(engine: &'a Engine, object: &'a FlyteWorkflow) -> Self {
        Self { engine, object }
    }

    fn top(&self) -> Scope<'a> {
        let inputs = self.object.inputs.iter();
        Scope {
            spec: &self.object.spec,
            inputs: inputs.map(|(name, Encoded(value))| (name.clone(), value.clone())).collect(),
            parent: None,
        }
    }

    /// Starts and follows nodes.
    pub(crate) async fn evaluate(&self, nodes: &mut Nodes) -> Result<Outcome, RoundError> {
        self.workflow(self.top(), nodes).await
    }

    pub(super) fn workflow<'s>(&'s self, scope: Scope<'s>, nodes: &'s mut Nodes) -> BoxFuture<'s, Result<Outcome, RoundError>> {
        async move {
            // A node that ends lets others start, so go round until nothing moves.
            let waits = loop {
                let mut moved = false;
                let mut waits = Waits::Watch;
                for node in scope.spec.nodes.values() {
                    let mut status = nodes.get(&node.id).cloned().unwrap_or_default();
                    let before = status.phase;
                    if !startable(node, &status, nodes) {
                        continue;
                    }
                    let waiting = self.node(&scope, node, &mut status, nodes).await;
                    let (phase, error) = (status.phase, status.error.clone());
                    nodes.insert(node.id.clone(), status);
                    let waiting = waiting?;
                    moved |= phase != before;
                    match phase {
                        NodePhase::Failed => return Ok(Outcome::Failed(error.unwrap_or_default())),
                        NodePhase::Running => waits = stronger(waits, waiting),
                        _ => {}
                    }
                }
                if !moved {
                    break waits;
                }
            };
            let done = |node: &String| nodes.get(node).is_some_and(|status| status.phase == NodePhase::Succeeded);
            if scope.spec.nodes.keys().all(done) {
                return Ok(Outcome::Succeeded);
            }
            Ok(Outcome::Running(waits))
        }
        .boxed()
    }

    /// Takes one node further.
    async fn node(&self, scope: &Scope<'_>, node: &Node, status: &mut NodeStatus, nodes: &Nodes) -> Result<Waits, RoundError> {
        let first = status.phase == NodePhase::NotYetStarted;
        let unique = scope.unique(&node.id);
        let inputs = self.engine.data.resolve(&node.inputs, &scope.inputs, nodes).map_err(system)?;
        if first {
            let uri = self.engine.data.uri(self.object, &format!("{unique}/data/inputs.pb"));
            self.engine.data.write(&uri, &inputs).map_err(system)?;
            self.report(scope, node, Phase::Queued, status, None).await?;
            status.phase = NodePhase::Running;
        }
        let waits = match &node.target {
            NodeTarget::Task(task) => {
                self.task(scope, node, task, status, &inputs, first).await?;
                Waits::Watch
            }
            NodeTarget::LaunchPlan { id, version } => {
                self.launch_plan(scope, node, (id, version), status, inputs, first).await?;
                Waits::Children
            }
            NodeTarget::SubWorkflow(id) => self.sub_workflow(scope, node, id, status, inputs, first).await?,
        };
        match status.phase {
            NodePhase::Succeeded => self.report(scope, node, Phase::Succeeded, status, None).await?,
            NodePhase::Failed => self.report(scope, node, Phase::Failed, status, None).await?,
            _ => {}
        }
        Ok(waits)
    }

    async fn sub_workflow(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        id: &str,
        status: &mut NodeStatus,
        inputs: LiteralMap,
        first: bool,
    ) -> Result<Waits, RoundError> {
        let spec = self
            .object
            .sub_workflows
            .get(id)
            .ok_or_else(|| RoundError::System(format!("sub-workflow [{id}] is not in the object")))?;
        if first {
            self.report(scope, node, Phase::Running, status, None).await?;
        }
        let unique = scope.unique(&node.id);
        let inner = Scope {
            spec,
            inputs: inputs.literals,
            parent: Some((unique.clone(), status.attempts)),
        };
        match self.workflow(inner.clone(), &mut status.node_status).await? {
            Outcome::Running(waits) => return Ok(waits),
            Outcome::Succeeded => {
                let outputs = self
                    .engine
                    .data
                    .resolve(&spec.outputs, &inner.inputs, &status.node_status)
                    .map_err(system)?;
                self.succeed(status, &unique, &outputs)?;
            }
            Outcome::Failed(error) => {
                self.abort_in(inner, &mut status.node_status, true).await?;
                status.error = Some(error);
                status.phase = NodePhase::Failed;
            }
        }
        Ok(Waits::Watch)
    }

    /// Stores a node's outputs and marks it done.
    pub(super) fn succeed(&self, status: &mut NodeStatus, unique: &str, outputs: &LiteralMap) -> Result<(), RoundError> {
        let uri = self.outputs_uri(unique, status.attempts);
        self.engine.data.write(&uri, outputs).map_err(system)?;
        status.output_reference = uri.to_string();
        status.phase = NodePhase::Succeeded;
        Ok(())
    }

    pub(super) fn outputs_uri(&self, unique: &str, attempt: u32) -> crate::stores::ObjectUri {
        let tail = format!("{unique}/data/{attempt}/outputs.pb");
        self.engine.data.uri(self.object, &tail)
    }

    /// Stops what runs and reports it.
    pub(crate) async fn abort(&self, nodes: &mut Nodes) -> Result<(), RoundError> {
        self.abort_in(self.top(), nodes, true).await
    }

    /// Stops what runs without a word.
    pub(crate) async fn stop(&self, nodes: &mut Nodes) -> Result<(), RoundError> {
        self.abort_in(self.top(), nodes, false).await
    }

    fn abort_in<'s>(&'s self, scope: Scope<'s>, nodes: &'s mut Nodes, report: bool) -> BoxFuture<'s, Result<(), RoundError>> {
        async move {
            for node in scope.spec.nodes.values() {
                let Some(status) = nodes.get_mut(&node.id) else {
                    continue;
                };
                if status.phase != NodePhase::Running {
                    continue;
                }
                let unique = scope.unique(&node.id);
                match &node.target {
                    NodeTarget::Task(task) => self.stop_task(scope.clone(), node, task, status, report).await?,
                    NodeTarget::LaunchPlan { .. } => self.stop_child(&unique, status).await?,
                    NodeTarget::SubWorkflow(id) => {
                        if let Some(spec) = self.object.sub_workflows.get(id) {
                            let inner = Scope {
                                spec,
                                inputs: BTreeMap::new(),
                                parent: Some((unique, status.attempts)),
                            };
                            self.abort_in(inner, &mut status.node_status, report).await?;
                        }
                    }
                }
                if report {
                    self.report(&scope, node, Phase::Aborted, status, None).await?;
                }
                status.phase = NodePhase::Aborted;
            }
            Ok(())
        }
        .boxed()
    }

    /// Reports a node's phase.
    pub(super) async fn report(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        phase: Phase,
        status: &NodeStatus,
        target: Option<TargetMetadata>,
    ) -> Result<(), RoundError> {
        let unique = scope.unique(&node.id);
        let inputs = self.engine.data.uri(self.object, &format!("{unique}/data/inputs.pb"));
        let output_result = match (&status.error, phase) {
            (Some(error), Phase::Failed) => Some(OutputResult::Error(proto_error(error))),
            (_, Phase::Succeeded) => Some(OutputResult::OutputUri(status.output_reference.clone())),
            _ => None,
        };
        let event = NodeExecutionEvent {
            id: Some(self.node_id(unique)),
            phase: phase as i32,
            input_value: Some(InputValue::InputUri(inputs.to_string())),
            output_result,
            target_metadata: target,
            spec_node_id: node.id.clone(),
            node_name: node.name.clone(),
            is_parent: !matches!(node.target, NodeTarget::Task(_)),
            parent_node_metadata: scope
                .parent
                .as_ref()
                .map(|(parent, _)| ParentNodeExecutionMetadata { node_id: parent.clone() }),
            retry_group: status.attempts.to_string(),
            event_version: i32::try_from(self.object.workflow_meta.event_version).unwrap_or(0),
            ..NodeExecutionEvent::default()
        };
        self.engine.events.node(event).await
    }

    pub(super) fn node_id(&self, unique: String) -> NodeExecutionIdentifier {
        NodeExecutionIdentifier {
            node_id: unique,
            execution_id: Some(execution_id(self.object)),
        }
    }
}

/// Whether there is something to do for a node: it runs, or everything before it is done.
fn startable(node: &Node, status: &NodeStatus, nodes: &Nodes) -> bool {
    let done = |id: &String| nodes.get(id).is_some_and(|status| status.phase == NodePhase::Succeeded);
    match status.phase {
        NodePhase::Running => true,
        NodePhase::NotYetStarted => node.upstream.iter().all(done),
        NodePhase::Succeeded | NodePhase::Failed | NodePhase::Aborted => false,
    }
}

fn stronger(one: Waits, other: Waits) -> Waits {
    match (one, other) {
        (Waits::Watch, Waits::Watch) => Waits::Watch,
        _ => Waits::Children,
    }
}
