//! Affinity and anti-affinity between pods.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::Value;

use super::nodes::{Node, Nodes};
use crate::controllers::fields::Fields;
use crate::controllers::selector::{self, Labels};
use crate::object::Object;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Labels of namespaces, by name.
pub(super) type Namespaces = BTreeMap<String, Labels>;

/// Topology key and value, for example `kubernetes.io/hostname` and `node-1`.
type Domain = (String, String);

/// What affinity between pods means for one pod, for all nodes.
#[derive(Debug, Default)]
pub(super) struct Affinity {
    /// For each required term: its topology key, and the values where it is met.
    wanted: Vec<(String, BTreeSet<String>)>,
    /// The pod is the first of those that it wants to be with.
    first: bool,
    /// Where required anti-affinity of the pod forbids it.
    avoided: BTreeSet<Domain>,
    /// Where required anti-affinity of pods that are there forbids it.
    refused: BTreeSet<Domain>,
    /// Weights of preferences, the pod's own.
    preferred: BTreeMap<Domain, i64>,
}

/// Why a node is no place for a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    Affinity,
    AntiAffinity,
    ExistingAntiAffinity,
}

impl Affinity {
    /// Looks at all pods once; at those with required anti-affinity alone if the pod itself has no wishes.
    pub(super) fn of(pod: &Object, nodes: &Nodes, namespaces: &Namespaces) -> Self {
        let own = |kind: &str, when: &str| pod.list_at(&format!("/spec/affinity/{kind}/{when}"));
        let (want, avoid) = (own("podAffinity", REQUIRED), own("podAntiAffinity", REQUIRED));
        let mut affinity = Self {
            wanted: want.iter().map(|t| (key(t), BTreeSet::new())).collect(),
            ..Self::default()
        };
        let preferences = [(1, own("podAffinity", PREFERRED)), (-1, own("podAntiAffinity", PREFERRED))];
        if want.is_empty() && avoid.is_empty() && preferences.iter().all(|(_, terms)| terms.is_empty()) {
            for node in nodes.iter() {
                node.avoiding()
                    .for_each(|placed| affinity.refuse(pod, &placed.pod, node, namespaces));
            }
            return affinity;
        }
        for node in nodes.iter() {
            for placed in node.pods.values() {
                affinity.look(pod, &placed.pod, node, namespaces, want, avoid);
                for (sign, terms) in preferences {
                    for preference in terms {
                        let term = &preference["podAffinityTerm"];
                        if let Some(domain) = domain(term, node).filter(|_| means(term, pod, &placed.pod, namespaces)) {
                            *affinity.preferred.entry(domain).or_default() += sign * preference.int_at("/weight");
                        }
                    }
                }
            }
        }
        let alone = affinity.wanted.iter().all(|(_, values)| values.is_empty());
        affinity.first = alone && want.iter().all(|term| means(term, pod, pod, namespaces));
        affinity
    }

    fn look(&mut self, pod: &Object, other: &Object, node: &Node, namespaces: &Namespaces, want: &[Value], avoid: &[Value]) {
        for ((key, values), term) in self.wanted.iter_mut().zip(want) {
            if means(term, pod, other, namespaces) {
                values.extend(node.label(key).map(str::to_owned));
            }
        }
        let avoided = avoid.iter().filter(|term| means(term, pod, other, namespaces));
        self.avoided.extend(avoided.filter_map(|term| domain(term, node)));
        self.refuse(pod, other, node, namespaces);
    }

    /// Takes in where a pod that is there will not have `pod` beside it.
    fn refuse(&mut self, pod: &Object, other: &Object, node: &Node, namespaces: &Namespaces) {
        let refusing = required_apart(other).iter().filter(|term| means(term, other, pod, namespaces));
        self.refused.extend(refusing.filter_map(|term| domain(term, node)));
    }

    /// Whether the required terms allow a node.
    pub(super) fn check(&self, node: &Node) -> Result<(), Misfit> {
        let met = |(key, values): &(String, BTreeSet<String>)| node.label(key).is_some_and(|value| self.first || values.contains(value));
        let in_one = |domains: &BTreeSet<Domain>| domains.iter().any(|(key, value)| node.label(key) == Some(value));
        if !self.wanted.iter().all(met) {
            Err(Misfit::Affinity)
        } else if in_one(&self.avoided) {
            Err(Misfit::AntiAffinity)
        } else if in_one(&self.refused) {
            Err(Misfit::ExistingAntiAffinity)
        } else {
            Ok(())
        }
    }

    /// Weight of the pod's preferences on a node.
    pub(super) fn preference(&self, node: &Node) -> i64 {
        let there = self.preferred.iter().filter(|((key, value), _)| node.label(key) == Some(value));
        there.map(|(_, weight)| weight).sum()
    }
}

/// Whether a pod has required anti-affinity.
pub(super) fn avoids(pod: &Object) -> bool {
    !required_apart(pod).is_empty()
}

fn required_apart(pod: &Object) -> &[Value] {
    pod.list_at(&format!("/spec/affinity/podAntiAffinity/{REQUIRED}"))
}

fn key(term: &Value) -> String {
    term.str_at("/topologyKey").to_owned()
}

fn domain(term: &Value, node: &Node) -> Option<Domain> {
    let key = key(term);
    let value = node.label(&key)?.to_owned();
    Some((key, value))
}

/// Whether a term of `pod` means `other`: the namespace fits, and the labels do.
fn means(term: &Value, pod: &Object, other: &Object, namespaces: &Namespaces) -> bool {
    let namespace = other.namespace().unwrap_or_default();
    let (named, selector) = (term.list_at("/namespaces"), &term["namespaceSelector"]);
    let own = named.is_empty() && selector.is_null() && pod.namespace() == other.namespace();
    let listed = named.iter().any(|name| name == namespace);
    let selected = selector.is_object() && selector::matches(selector, namespaces.get(namespace));
    (own || listed || selected) && selector::matches(&term["labelSelector"], other.labels())
}
