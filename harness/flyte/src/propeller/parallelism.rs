//! How many tasks, launch plans and arrays of a run may run at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::nodes::Nodes;
use super::scope::Scope;
use crate::crd::{Node, NodePhase, NodeStatus, NodeTarget};

/// The count of one round.
pub(super) struct Parallelism {
    /// 0 for no limit.
    most: usize,
    running: AtomicUsize,
}

impl Parallelism {
    pub(super) fn new(most: u32) -> Self {
        Self {
            most: most as usize,
            running: AtomicUsize::new(0),
        }
    }

    /// Counts those that run already.
    pub(super) fn begin(&self, nodes: &Nodes) {
        self.running.store(running(nodes), Ordering::Relaxed);
    }

    /// Whether a node may start. Elements of arrays are limited by their array alone.
    pub(super) fn enter(&self, scope: &Scope<'_>, node: &Node, status: &mut NodeStatus) -> bool {
        let counts = matches!(
            node.target,
            NodeTarget::Task(_) | NodeTarget::LaunchPlan { .. } | NodeTarget::Array(_)
        );
        if !counts || scope.element.is_some() {
            return true;
        }
        if self.most > 0 && self.running.load(Ordering::Relaxed) >= self.most {
            return false;
        }
        self.running.fetch_add(1, Ordering::Relaxed);
        status.counts = true;
        true
    }

    /// Takes a node out of the count that has ended, or whose task has left a workflow: that one's nodes count.
    pub(super) fn leave(&self, status: &mut NodeStatus) {
        if status.counts && (status.phase != NodePhase::Running || status.dynamic) {
            status.counts = false;
            self.running.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn running(nodes: &Nodes) -> usize {
    let of = |status: &NodeStatus| usize::from(status.counts && status.phase == NodePhase::Running) + running(&status.node_status);
    nodes.values().map(of).sum()
}
