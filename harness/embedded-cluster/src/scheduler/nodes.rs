//! Nodes with the pods on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::request::{Amounts, Request};
use super::{affinity, preemption};
use crate::controllers::fields::Fields;
use crate::controllers::pods;
use crate::controllers::resources::{NODES, PODS};
use crate::controllers::runtime::Change;
use crate::object::Object;

/// A pod on a node.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) pod: Arc<Object>,
    request: Request,
    /// Uid of its controller.
    controller: Option<String>,
}

/// A node and what is used of it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) object: Arc<Object>,
    pub(super) allocatable: Amounts,
    pub(super) requested: Request,
    /// By uid.
    pub(super) pods: BTreeMap<String, Placed>,
    /// Uids of those with required anti-affinity: they have a say in who joins them.
    avoiding: BTreeSet<String>,
    /// How many pods are there of each controller, by its uid.
    controlled: BTreeMap<String, i64>,
}

impl Node {
    /// A label of the node.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.object.label(key)
    }

    /// Pods that the node can hold.
    pub(super) fn capacity(&self) -> i64 {
        self.allocatable.get("pods")
    }

    /// Pods with required anti-affinity.
    pub(super) fn avoiding(&self) -> impl Iterator<Item = &Placed> {
        self.avoiding.iter().filter_map(|uid| self.pods.get(uid))
    }

    /// How many pods a controller has here.
    pub(super) fn controlled(&self, controller: &str) -> i64 {
        self.controlled.get(controller).copied().unwrap_or(0)
    }

    /// Whether the pod was there before.
    fn set(&mut self, uid: &str, placed: Option<Placed>) -> bool {
        let before = self.pods.remove(uid);
        if let Some(before) = &before {
            self.count(before, -1);
            self.avoiding.remove(uid);
        }
        if let Some(placed) = placed {
            self.count(&placed, 1);
            if affinity::avoids(&placed.pod) {
                self.avoiding.insert(uid.to_owned());
            }
            self.pods.insert(uid.to_owned(), placed);
        }
        before.is_some()
    }

    fn count(&mut self, placed: &Placed, times: i64) {
        self.requested.exact.add(&placed.request.exact, times);
        self.requested.guessed.add(&placed.request.guessed, times);
        let Some(controller) = &placed.controller else { return };
        let count = self.controlled.entry(controller.clone()).or_default();
        *count += times;
        if *count == 0 {
            self.controlled.remove(controller);
        }
    }
}

/// What a change means for pods that had no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// A pod came: those that want to be near others may have a place now.
    Company,
    /// A pod went: any of them may have its place.
    Room,
    /// A node is new, gone, or not what it was.
    Nodes,
}

/// All nodes, kept up to date change by change.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    by_name: BTreeMap<String, Node>,
    /// Pods of nodes that are not known (yet), by node.
    elsewhere: BTreeMap<String, BTreeMap<String, Placed>>,
    /// Pods for which room is being made, with the node, by uid.
    nominated: BTreeMap<String, (String, Placed)>,
}

impl Nodes {
    /// The nodes by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.by_name.values()
    }

    /// A node by name.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.by_name.get(name)
    }

    /// Puts a pod on a node, or takes it from there, for a look at what would be.
    pub(super) fn set(&mut self, name: &str, uid: &str, placed: Option<Placed>) {
        if let Some(node) = self.by_name.get_mut(name) {
            node.set(uid, placed);
        }
    }

    /// Pods for which room is being made, with the node.
    pub(super) fn nominated(&self) -> impl Iterator<Item = (&str, &Object)> {
        self.nominated.values().map(|(node, placed)| (node.as_str(), &*placed.pod))
    }

    /// The same with those pods in their places that are not less important than `pod`; none if there are none.
    pub(super) fn with_nominated(&self, pod: &Object) -> Option<Self> {
        let counts = |placed: &Placed| preemption::priority(&placed.pod) >= preemption::priority(pod) && placed.pod.uid() != pod.uid();
        let mut all = self.nominated.iter().filter(|(_, (_, placed))| counts(placed)).peekable();
        all.peek()?;
        let mut world = self.clone();
        for (uid, (node, placed)) in all {
            world.set(node, uid, Some(placed.clone()));
        }
        Some(world)
    }

    /// Whether there are pods that keep others away by their labels.
    pub(super) fn keep_away(&self) -> bool {
        let nominated = self.nominated.values().map(|(_, placed)| placed);
        self.by_name.values().any(|node| !node.avoiding.is_empty()) || nominated.map(|placed| &placed.pod).any(|pod| affinity::avoids(pod))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Takes a change in.
    pub(super) fn take(&mut self, change: &Change) -> Effect {
        if change.is(&NODES) {
            let changed = if change.gone {
                self.remove(change.object.name())
            } else {
                self.put(change.object.clone())
            };
            return if changed { Effect::Nodes } else { Effect::None };
        }
        if !change.is(&PODS) {
            return Effect::None;
        }
        let node = change.object.str_at("/spec/nodeName");
        if node.is_empty() {
            return self.nominate(change);
        }
        self.nominated.remove(change.object.uid());
        let runs = !change.gone && !pods::is_ended(&*change.object);
        let placed = runs.then(|| self.placed(node, &change.object));
        let was_there = self.place(node, change.object.uid(), placed);
        let before = change.old.as_ref().filter(|old| !old.str_at("/spec/nodeName").is_empty());
        match before {
            // What has ended leaves its room once, however often it is told of.
            _ if !runs && was_there => Effect::Room,
            _ if !runs => Effect::None,
            Some(before) if before.labels() == change.object.labels() => Effect::None,
            Some(_) => Effect::Room,
            None => Effect::Company,
        }
    }

    /// Takes in for which node a pod without a place is meant.
    fn nominate(&mut self, change: &Change) -> Effect {
        let pod = &change.object;
        let node = pod.str_at("/status/nominatedNodeName");
        if change.gone || node.is_empty() || pods::is_ended(&**pod) {
            let before = self.nominated.remove(pod.uid());
            return if before.is_some() { Effect::Room } else { Effect::None };
        }
        let placed = self.placed(node, pod);
        self.nominated.insert(pod.uid().to_owned(), (node.to_owned(), placed));
        Effect::None
    }

    /// A pod as it is on a node. Most changes are of its status, and leave alone what it asks for.
    fn placed(&self, node: &str, pod: &Arc<Object>) -> Placed {
        let known = self.by_name.get(node).and_then(|node| node.pods.get(pod.uid()));
        let known = known.filter(|known| known.pod.at("/spec") == pod.at("/spec"));
        Placed {
            request: known.map_or_else(|| Request::of(pod), |known| known.request.clone()),
            controller: pod.controller().map(|owner| owner.uid),
            pod: pod.clone(),
        }
    }

    /// Whether the pod was there before.
    fn place(&mut self, node: &str, uid: &str, placed: Option<Placed>) -> bool {
        if let Some(node) = self.by_name.get_mut(node) {
            return node.set(uid, placed);
        }
        let pods = self.elsewhere.entry(node.to_owned()).or_default();
        let before = match placed {
            Some(placed) => pods.insert(uid.to_owned(), placed),
            None => pods.remove(uid),
        };
        if pods.is_empty() {
            self.elsewhere.remove(node);
        }
        before.is_some()
    }

    fn put(&mut self, object: Arc<Object>) -> bool {
        let allocatable = object.map_at("/status/allocatable").or_else(|| object.map_at("/status/capacity"));
        let allocatable = Amounts::read(allocatable);
        if let Some(node) = self.by_name.get_mut(object.name()) {
            let same =
                node.allocatable == allocatable && node.object.labels() == object.labels() && node.object.at("/spec") == object.at("/spec");
            (node.object, node.allocatable) = (object, allocatable);
            return !same;
        }
        let name = object.name().to_owned();
        let mut node = Node {
            object,
            allocatable,
            requested: Request::default(),
            pods: BTreeMap::new(),
            avoiding: BTreeSet::new(),
            controlled: BTreeMap::new(),
        };
        for (uid, placed) in self.elsewhere.remove(&name).unwrap_or_default() {
            node.set(&uid, Some(placed));
        }
        self.by_name.insert(name, node);
        true
    }

    fn remove(&mut self, name: &str) -> bool {
        if let Some(node) = self.by_name.remove(name)
            && !node.pods.is_empty()
        {
            self.elsewhere.insert(name.to_owned(), node.pods);
        }
        // A node less can still help: required spreading counts fewer domains.
        true
    }
}
