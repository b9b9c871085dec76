//! Nodes of a run: what may start, what has ended, what must be stopped.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::branch_node::chosen;
use super::engine::{Engine, Waits, execution_id};
use super::events::{RoundError, proto_error, system};
use super::parallelism::Parallelism;
use super::recovery::Recovered;
use super::scope::Scope;
use crate::crd::{Encoded, ExecutionError, FlyteWorkflow, Node, NodePhase, NodeStatus, NodeTarget};
use crate::proto::core::node_execution::Phase;
use crate::proto::core::{LiteralMap, NodeExecutionIdentifier};
use crate::proto::event::node_execution_event::{InputValue, OutputResult, TargetMetadata};
use crate::proto::event::{NodeExecutionEvent, ParentNodeExecutionMetadata};
use crate::stores::ObjectUri;

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
    pub(super) parallelism: Parallelism,
}

impl<'a> Run<'a> {
    pub(super) fn new(engine: &'a Engine, object: &'a FlyteWorkflow) -> Self {
        Self {
            engine,
            object,
            parallelism: Parallelism::new(object.execution_config.max_parallelism),
        }
    }

    pub(super) fn top(&self) -> Scope<'a> {
        let inputs = self.object.inputs.iter();
        Scope {
            spec: &self.object.spec,
            inputs: inputs.map(|(name, Encoded(value))| (name.clone(), value.clone())).collect(),
            parent: None,
            element: None,
            dynamic: None,
        }
    }

    /// The same workflow, seen from inside one of its nodes.
    pub(super) fn inside<'s>(&self, scope: &Scope<'s>, node: &Node, status: &NodeStatus) -> Scope<'s> {
        Scope {
            parent: Some((scope.unique(&node.id), status.attempts)),
            element: None,
            ..scope.clone()
        }
    }

    /// Starts and follows nodes.
    pub(crate) async fn evaluate(&self, nodes: &mut Nodes) -> Result<Outcome, RoundError> {
        self.parallelism.begin(nodes);
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
            let done = |node: &String| nodes.get(node).is_some_and(|status| status.phase.done());
            if scope.spec.nodes.keys().all(done) {
                return Ok(Outcome::Succeeded);
            }
            Ok(Outcome::Running(waits))
        }
        .boxed()
    }

    /// Takes one node further.
    pub(super) async fn node(&self, scope: &Scope<'_>, node: &Node, status: &mut NodeStatus, nodes: &Nodes) -> Result<Waits, RoundError> {
        let inputs = self.engine.data.resolve(&node.inputs, &scope.inputs, nodes).map_err(system)?;
        self.further(scope, node, status, inputs, nodes).await
    }

    /// Takes one node further, with these inputs.
    pub(super) async fn further(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        status: &mut NodeStatus,
        inputs: LiteralMap,
        nodes: &Nodes,
    ) -> Result<Waits, RoundError> {
        let first = status.phase == NodePhase::NotYetStarted;
        if first && !self.parallelism.enter(scope, node, status) {
            return Ok(Waits::Watch);
        }
        let result = self.proceed(scope, node, status, inputs, nodes).await;
        self.parallelism.leave(status);
        result
    }

    async fn proceed(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        status: &mut NodeStatus,
        inputs: LiteralMap,
        nodes: &Nodes,
    ) -> Result<Waits, RoundError> {
        let first = status.phase == NodePhase::NotYetStarted;
        if first {
            let recovered = self.recover(scope, node, status).await?;
            let inputs = match &recovered {
                Some(Recovered::Node { inputs, .. }) => inputs,
                _ => &inputs,
            };
            if !scope.shares_inputs() {
                let uri = self.engine.data.uri(self.object, &scope.inputs(&node.id));
                self.engine.data.write(&uri, inputs).map_err(system)?;
            }
            if self.found(scope, node, status, inputs).await? {
                return Ok(Waits::Watch);
            }
            let written = match recovered {
                Some(Recovered::Node { target, .. }) => {
                    let target = target.map(|target| *target);
                    self.report(scope, node, Phase::Recovered, status, target).await?;
                    return Ok(Waits::Watch);
                }
                Some(Recovered::Workflow(written)) => Some(written),
                None => None,
            };
            self.report(scope, node, Phase::Queued, status, None).await?;
            status.phase = NodePhase::Running;
            if let Some(written) = written {
                self.take_workflow(scope, node, status, written).await?;
            }
        }
        let waits = match &node.target {
            NodeTarget::Task(id) => {
                let task = scope.task(self.object, id)?;
                return self.task_node(scope, node, task, status, &inputs, first).await;
            }
            NodeTarget::LaunchPlan { id, version } => {
                self.launch_plan(scope, node, (id, version), status, inputs, first).await?;
                Waits::Children
            }
            NodeTarget::SubWorkflow(id) => self.sub_workflow(scope, node, id, status, inputs, first).await?,
            NodeTarget::Branch(branch) => self.branch(scope, node, branch, status, &inputs, nodes).await?,
            NodeTarget::Array(array) => self.array(scope, node, array, status, &inputs, first).await?,
            NodeTarget::Gate(gate) => self.gate(scope, node, gate, status, &inputs, first).await?,
        };
        self.report_end(scope, node, status, None).await?;
        Ok(waits)
    }

    /// Reports a node's end, if it has come.
    pub(super) async fn report_end(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        status: &NodeStatus,
        target: Option<TargetMetadata>,
    ) -> Result<(), RoundError> {
        match status.phase {
            NodePhase::Succeeded => self.report(scope, node, Phase::Succeeded, status, target).await,
            NodePhase::Failed => self.report(scope, node, Phase::Failed, status, target).await,
            _ => Ok(()),
        }
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
        let spec = scope.sub_workflow(self.object, id)?;
        if first {
            self.report(scope, node, Phase::Running, status, None).await?;
        }
        let inner = Scope {
            spec,
            inputs: inputs.literals,
            ..self.inside(scope, node, status)
        };
        if status.error.is_none() {
            match self.workflow(inner.clone(), &mut status.node_status).await? {
                Outcome::Running(waits) => return Ok(waits),
                Outcome::Succeeded => {
                    let outputs = self
                        .engine
                        .data
                        .resolve(&spec.outputs, &inner.inputs, &status.node_status)
                        .map_err(system)?;
                    self.succeed(scope, node, status, &outputs)?;
                }
                Outcome::Failed(error) => {
                    self.abort_in(inner.clone(), &mut status.node_status, true).await?;
                    status.error = Some(error);
                }
            }
        }
        // The node that runs after a failure may take its time.
        if let Some(error) = status.error.clone() {
            match self.on_failure(&inner, &mut status.node_status, &error).await? {
                Outcome::Running(waits) => return Ok(waits),
                Outcome::Succeeded => {}
                Outcome::Failed(other) => status.error = Some(other),
            }
            status.phase = NodePhase::Failed;
        }
        Ok(Waits::Watch)
    }

    /// Stores a node's outputs and marks it done.
    pub(super) fn succeed(&self, scope: &Scope<'_>, node: &Node, status: &mut NodeStatus, outputs: &LiteralMap) -> Result<(), RoundError> {
        let uri = self.outputs_uri(scope, node, status.attempts);
        self.engine.data.write(&uri, outputs).map_err(system)?;
        status.output_reference = uri.to_string();
        status.phase = NodePhase::Succeeded;
        Ok(())
    }

    pub(super) fn outputs_uri(&self, scope: &Scope<'_>, node: &Node, attempt: u32) -> ObjectUri {
        self.engine.data.uri(self.object, &scope.outputs(&node.id, attempt))
    }

    /// Stops what runs and reports it.
    pub(crate) async fn abort(&self, nodes: &mut Nodes) -> Result<(), RoundError> {
        self.abort_in(self.top(), nodes, true).await
    }

    /// Stops what runs without a word.
    pub(crate) async fn stop(&self, nodes: &mut Nodes) -> Result<(), RoundError> {
        self.abort_in(self.top(), nodes, false).await
    }

    pub(super) fn abort_in<'s>(&'s self, scope: Scope<'s>, nodes: &'s mut Nodes, report: bool) -> BoxFuture<'s, Result<(), RoundError>> {
        async move {
            for node in scope.spec.nodes.values().chain(scope.spec.on_failure.as_deref()) {
                if let Some(status) = nodes.get_mut(&node.id) {
                    self.abort_node(&scope, node, status, report).await?;
                }
            }
            Ok(())
        }
        .boxed()
    }

    /// Stops a node, if it runs.
    pub(super) fn abort_node<'s>(
        &'s self,
        scope: &'s Scope<'s>,
        node: &'s Node,
        status: &'s mut NodeStatus,
        report: bool,
    ) -> BoxFuture<'s, Result<(), RoundError>> {
        async move {
            if status.phase != NodePhase::Running {
                return Ok(());
            }
            match &node.target {
                NodeTarget::Task(id) => {
                    let task = scope.task(self.object, id)?;
                    match status.dynamic {
                        // Nothing has been started yet.
                        _ if status.waiting => {}
                        true => self.abort_dynamic(scope, node, task, status, report).await?,
                        false => self.stop_task(scope, node, task, status, report).await?,
                    }
                }
                NodeTarget::LaunchPlan { .. } => self.stop_child(&scope.unique(&node.id), status).await?,
                NodeTarget::SubWorkflow(id) => {
                    let inner = Scope {
                        spec: scope.sub_workflow(self.object, id)?,
                        inputs: BTreeMap::new(),
                        ..self.inside(scope, node, status)
                    };
                    self.abort_in(inner, &mut status.node_status, report).await?;
                }
                NodeTarget::Branch(branch) => {
                    let inside = self.inside(scope, node, status);
                    if let Some(taken) = chosen(branch, status)
                        && let Some(child) = status.node_status.get_mut(&taken.id)
                    {
                        self.abort_node(&inside, taken, child, report).await?;
                    }
                }
                NodeTarget::Array(array) => self.abort_array(scope, node, array, status, report).await?,
                NodeTarget::Gate(_) => {}
            }
            if report {
                self.report(scope, node, Phase::Aborted, status, None).await?;
            }
            status.phase = NodePhase::Aborted;
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
        if scope.element.is_some_and(|element| element.collected.is_some()) {
            return Ok(());
        }
        let inputs = self.engine.data.uri(self.object, &scope.inputs(&node.id));
        let output_result = match (&status.error, phase) {
            (Some(error), Phase::Failed) => Some(OutputResult::Error(proto_error(error))),
            (_, Phase::Succeeded | Phase::Recovered) => Some(OutputResult::OutputUri(status.output_reference.clone())),
            _ => None,
        };
        let event = NodeExecutionEvent {
            id: Some(self.node_id(scope.unique(&node.id))),
            phase: phase as i32,
            input_value: Some(InputValue::InputUri(inputs.to_string())),
            output_result,
            target_metadata: target,
            spec_node_id: node.id.clone(),
            node_name: node.name.clone(),
            is_parent: status.dynamic || !matches!(node.target, NodeTarget::Task(_) | NodeTarget::Array(_) | NodeTarget::Gate(_)),
            is_dynamic: status.dynamic,
            is_array: matches!(node.target, NodeTarget::Array(_)),
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
    let done = |id: &String| nodes.get(id).is_some_and(|status| status.phase.done());
    match status.phase {
        NodePhase::Running => true,
        NodePhase::NotYetStarted => node.upstream.iter().all(done),
        NodePhase::Succeeded | NodePhase::Recovered | NodePhase::Failed | NodePhase::Aborted => false,
    }
}

pub(super) fn stronger(one: Waits, other: Waits) -> Waits {
    match (one, other) {
        (Waits::Watch, Waits::Watch) => Waits::Watch,
        _ => Waits::Children,
    }
}
