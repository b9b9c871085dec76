//! Required topology spread constraints (`whenUnsatisfiable: DoNotSchedule`).

use std::collections::BTreeMap;

use crate::value::Value;

use super::node_affinity;
use super::nodes::{Node, Nodes};
use super::taints;
use crate::controllers::fields::Fields;
use crate::controllers::selector;
use crate::object::Object;

/// One constraint with the pods that count, by domain.
#[derive(Debug)]
struct Constraint {
    key: String,
    most_skew: i64,
    /// 1 when the pod itself counts.
    own: i64,
    domains: BTreeMap<String, i64>,
    fewest_domains: usize,
}

/// A pod's required constraints.
#[derive(Debug)]
pub(super) struct Spread(Vec<Constraint>);

/// Why a node is no place for a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The node has no such label.
    MissingLabel,
    /// The pods would be spread too unevenly.
    Skew,
}

impl Spread {
    /// Counts the pods that matter.
    pub(super) fn of(pod: &Object, nodes: &Nodes) -> Self {
        let all = pod.list_at("/spec/topologySpreadConstraints");
        let required = all
            .iter()
            .filter(|constraint| constraint.str_at("/whenUnsatisfiable") != "ScheduleAnyway");
        let keys: Vec<&str> = required.clone().map(|constraint| constraint.str_at("/topologyKey")).collect();
        Self(required.map(|constraint| Constraint::of(constraint, pod, nodes, &keys)).collect())
    }

    /// Whether the constraints allow a node.
    pub(super) fn check(&self, node: &Node) -> Result<(), Misfit> {
        for constraint in &self.0 {
            let value = node.label(&constraint.key).ok_or(Misfit::MissingLabel)?;
            let here = constraint.domains.get(value).copied().unwrap_or(0);
            if here + constraint.own - constraint.least() > constraint.most_skew {
                return Err(Misfit::Skew);
            }
        }
        Ok(())
    }
}

impl Constraint {
    fn of(constraint: &Value, pod: &Object, nodes: &Nodes, keys: &[&str]) -> Self {
        let mut by = constraint["labelSelector"].clone();
        for key in constraint.list_at("/matchLabelKeys").iter().filter_map(Value::as_str) {
            if let Some(value) = pod.label(key) {
                by["matchLabels"][key] = value.into();
            }
        }
        let key = constraint.str_at("/topologyKey").to_owned();
        let mut domains = BTreeMap::new();
        for node in nodes
            .iter()
            .filter(|node| keys.iter().all(|key| node.label(key).is_some()) && counts(constraint, pod, node))
        {
            let matching = node.pods.values().map(|placed| &placed.pod).filter(|other| {
                other.namespace() == pod.namespace() && other.deletion_timestamp().is_none() && selector::matches(&by, other.labels())
            });
            let value = node.label(&key).unwrap_or_default().to_owned();
            *domains.entry(value).or_default() += i64::try_from(matching.count()).unwrap_or(i64::MAX);
        }
        Self {
            own: i64::from(selector::matches(&by, pod.labels())),
            most_skew: constraint.int_at("/maxSkew"),
            fewest_domains: usize::try_from(constraint.number_at("/minDomains").unwrap_or(1)).unwrap_or(1),
            key,
            domains,
        }
    }

    /// Pods in the emptiest domain; 0 while there are fewer domains than asked for.
    fn least(&self) -> i64 {
        let least = self.domains.values().copied().min().unwrap_or(0);
        if self.domains.len() < self.fewest_domains { 0 } else { least }
    }
}

/// Whether a node counts, by the constraint's policies on affinity and taints.
fn counts(constraint: &Value, pod: &Object, node: &Node) -> bool {
    let by_affinity = constraint.str_at("/nodeAffinityPolicy") != "Ignore";
    let by_taints = constraint.str_at("/nodeTaintsPolicy") == "Honor";
    let tolerations = pod.list_at("/spec/tolerations");
    let tolerated = || {
        let taints = node.object.list_at("/spec/taints");
        taints
            .iter()
            .filter(|taint| taints::is_hard(taint))
            .all(|taint| taints::is_tolerated(taint, tolerations))
    };
    (!by_affinity || node_affinity::allows(pod, &node.object)) && (!by_taints || tolerated())
}
