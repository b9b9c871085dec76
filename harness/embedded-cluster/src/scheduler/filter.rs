//! Which nodes a pod fits on, in Kubernetes' order of checks and in its words.

use super::affinity::{self, Affinity, Namespaces};
use super::node_affinity;
use super::nodes::{Node, Nodes};
use super::ports;
use super::request::Request;
use super::spread::{self, Spread};
use super::taints;
use crate::controllers::fields::Fields;
use crate::object::Object;

/// Why a pod does not fit on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// As people read them.
    pub(super) reasons: Vec<String>,
    /// Whether it would fit if other pods were not there.
    pub(super) resolvable: bool,
}

/// A pod to be placed, with what is the same for all nodes.
pub(super) struct Candidate<'a> {
    pub(super) pod: &'a Object,
    /// Uid of the pod's controller.
    pub(super) controller: Option<String>,
    pub(super) request: Request,
    pub(super) affinity: Affinity,
    spread: Spread,
}

impl<'a> Candidate<'a> {
    /// Looks at the pod, and at those that are placed, as far as it or they have wishes.
    pub(super) fn new(pod: &'a Object, nodes: &Nodes, namespaces: &Namespaces) -> Self {
        let (affinity, spread) = (Affinity::of(pod, nodes, namespaces), Spread::of(pod, nodes));
        Self {
            pod,
            controller: pod.controller().map(|owner| owner.uid),
            request: Request::of(pod),
            affinity,
            spread,
        }
    }

    /// Whether the pod fits on a node; the first check that fails says why not.
    pub(super) fn check(&self, node: &Node) -> Result<(), Misfit> {
        let never = |reason: &str| {
            Err(Misfit {
                reasons: vec![reason.to_owned()],
                resolvable: false,
            })
        };
        let not_now = |reason: &str| {
            Err(Misfit {
                reasons: vec![reason.to_owned()],
                resolvable: true,
            })
        };
        let object = &node.object;
        let tolerations = self.pod.list_at("/spec/tolerations");
        let unschedulable = crate::value::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
        if object.flag_at("/spec/unschedulable") && !taints::is_tolerated(&unschedulable, tolerations) {
            return never("node(s) were unschedulable");
        }
        let mut hard = object.list_at("/spec/taints").iter().filter(|taint| taints::is_hard(taint));
        if !hard.all(|taint| taints::is_tolerated(taint, tolerations)) {
            return never("node(s) had untolerated taint(s)");
        }
        if !node_affinity::allows(self.pod, object) {
            return never("node(s) didn't match Pod's node affinity/selector");
        }
        if !ports::are_free(self.pod, node) {
            return not_now("node(s) didn't have free ports for the requested pod ports");
        }
        self.fits(node)?;
        match self.spread.check(node) {
            Err(spread::Misfit::MissingLabel) => {
                return never("node(s) didn't match pod topology spread constraints (missing required label)");
            }
            Err(spread::Misfit::Skew) => return not_now("node(s) didn't match pod topology spread constraints"),
            Ok(()) => {}
        }
        match self.affinity.check(node) {
            Err(affinity::Misfit::Affinity) => never("node(s) didn't match pod affinity rules"),
            Err(affinity::Misfit::AntiAffinity) => not_now("node(s) didn't match pod anti-affinity rules"),
            Err(affinity::Misfit::ExistingAntiAffinity) => not_now("node(s) didn't satisfy existing pods anti-affinity rules"),
            Ok(()) => Ok(()),
        }
    }

    fn fits(&self, node: &Node) -> Result<(), Misfit> {
        let mut reasons = Vec::new();
        let mut resolvable = true;
        if i64::try_from(node.pods.len()).unwrap_or(i64::MAX) + 1 > node.capacity() {
            reasons.push("Too many pods".to_owned());
            resolvable &= node.capacity() > 0;
        }
        for (name, amount) in self.request.exact.iter().filter(|(_, amount)| *amount > 0) {
            let allocatable = node.allocatable.get(name);
            if node.requested.exact.get(name) + amount > allocatable {
                reasons.push(format!("Insufficient {name}"));
                resolvable &= amount <= allocatable;
            }
        }
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(Misfit { reasons, resolvable })
        }
    }
}
