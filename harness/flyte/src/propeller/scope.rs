//! Where nodes stand in their run: names and places follow from it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::dynamic::Dynamic;
use super::events::RoundError;
use crate::crd::{FlyteWorkflow, Task, WorkflowSpec};
use crate::naming;
use crate::proto::core::Literal;
use crate::proto::event::ExternalResourceInfo;

/// A workflow within the run: the run's own, or a node's.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) spec: &'a WorkflowSpec,
    pub(super) inputs: BTreeMap<String, Literal>,
    /// The node that these nodes belong to, and its attempt.
    pub(super) parent: Option<(String, u32)>,
    /// The element of an array that these nodes are.
    pub(super) element: Option<Element<'a>>,
    /// The workflow that a task of the run wrote, to which these nodes belong.
    pub(super) dynamic: Option<&'a Dynamic>,
}

/// One element of an array.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) index: usize,
    /// It has inputs and outputs of its own; otherwise it reads the array's inputs, and its declared outputs are lists of what it writes.
    pub(super) individual: bool,
    /// Where its reports are collected for those of the array, in place of reports of its own.
    pub(super) collected: Option<&'a Mutex<Vec<ExternalResourceInfo>>>,
}

impl<'a> Scope<'a> {
    /// A task that the nodes name.
    pub(super) fn task(&self, object: &'a FlyteWorkflow, id: &str) -> Result<&'a Task, RoundError> {
        let own = self.dynamic.and_then(|dynamic| dynamic.tasks.get(id));
        own.or_else(|| object.tasks.get(id))
            .ok_or_else(|| RoundError::System(format!("task [{id}] is not in the object")))
    }

    /// A workflow that the nodes name.
    pub(super) fn sub_workflow(&self, object: &'a FlyteWorkflow, id: &str) -> Result<&'a WorkflowSpec, RoundError> {
        let own = self.dynamic.and_then(|dynamic| dynamic.sub_workflows.get(id));
        own.or_else(|| object.sub_workflows.get(id))
            .ok_or_else(|| RoundError::System(format!("sub-workflow [{id}] is not in the object")))
    }

    /// A node's id, unique in the run.
    pub(super) fn unique(&self, node: &str) -> String {
        match &self.parent {
            None => node.to_owned(),
            Some((parent, attempt)) => naming::nested_node_id(parent, *attempt, node),
        }
    }

    /// Where a node's inputs are, in the run's folder.
    pub(super) fn inputs(&self, node: &str) -> String {
        match (&self.parent, self.shares_inputs()) {
            (Some((array, _)), true) => format!("{array}/data/inputs.pb"),
            _ => format!("{}/data/inputs.pb", self.unique(node)),
        }
    }

    /// Whether the nodes read the inputs of the node that they belong to.
    pub(super) fn shares_inputs(&self) -> bool {
        self.element.is_some_and(|element| !element.individual)
    }

    /// Where an attempt of a node leaves its outputs, in the run's folder.
    pub(super) fn outputs(&self, node: &str, attempt: u32) -> String {
        match (&self.parent, &self.element) {
            (Some((array, of)), Some(element)) => format!("{array}/data/{of}/{}/{attempt}/outputs.pb", element.index),
            _ => format!("{}/data/{attempt}/outputs.pb", self.unique(node)),
        }
    }
}
