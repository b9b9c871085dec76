//! Nodes with the pods on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::request::{Amounts, Request};
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
}

/// A node and what is used of it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) object: Arc<Object>,
    pub(super) allocatable: Amounts,
    pub(super) requested: Request,
    /// By uid.
    pub(super) pods: BTreeMap<String, Placed>,
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

    fn set(&mut self, uid: &str, placed: Option<Placed>) {
        let before = match placed.clone() {
            Some(placed) => self.pods.insert(uid.to_owned(), placed),
            None => self.pods.remove(uid),
        };
        for (placed, times) in [(before, -1), (placed, 1)] {
            if let Some(placed) = placed {
                self.requested.exact.add(&placed.request.exact, times);
                self.requested.guessed.add(&placed.request.guessed, times);
            }
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
    /// Room was made: any of them may have a place now.
    Room,
}

/// All nodes, kept up to date change by change.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    by_name: BTreeMap<String, Node>,
    /// Pods of nodes that are not known (yet), by node.
    elsewhere: BTreeMap<String, BTreeMap<String, Placed>>,
}

impl Nodes {
    /// The nodes by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.by_name.values()
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
            return if changed { Effect::Room } else { Effect::None };
        }
        let node = change.object.str_at("/spec/nodeName");
        if !change.is(&PODS) || node.is_empty() {
            return Effect::None;
        }
        let runs = !change.gone && !pods::is_ended(&*change.object);
        let placed = runs.then(|| Placed {
            pod: change.object.clone(),
            request: Request::of(&change.object),
        });
        self.place(node, change.object.uid(), placed);
        let before = change.old.as_ref().filter(|old| !old.str_at("/spec/nodeName").is_empty());
        match before {
            _ if !runs => Effect::Room,
            Some(before) if before.labels() == change.object.labels() => Effect::None,
            Some(_) => Effect::Room,
            None => Effect::Company,
        }
    }

    fn place(&mut self, node: &str, uid: &str, placed: Option<Placed>) {
        if let Some(node) = self.by_name.get_mut(node) {
            return node.set(uid, placed);
        }
        let pods = self.elsewhere.entry(node.to_owned()).or_default();
        match placed {
            Some(placed) => drop(pods.insert(uid.to_owned(), placed)),
            None => drop(pods.remove(uid)),
        }
        if pods.is_empty() {
            self.elsewhere.remove(node);
        }
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
