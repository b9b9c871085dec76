//! Who has to go so that a pod of higher priority gets a place, chosen as the plugin `DefaultPreemption` chooses.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::affinity::Namespaces;
use super::filter::{Candidate, Misfit};
use super::nodes::{Node, Nodes, Placed};
use crate::controllers::conditions;
use crate::controllers::fields::Fields;
use crate::controllers::selector;
use crate::object::Object;

/// Reason of the condition `DisruptionTarget` of pods that had to go.
pub(super) const REASON: &str = "PreemptionByScheduler";
/// For a node where the pod would not fit if it were empty.
pub(super) const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";

/// Room that can be made: a node, and the pods that have to go from it.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) node: String,
    pub(super) victims: Vec<Arc<Object>>,
}

/// Why no room can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Futile {
    /// The pod may not ask for any.
    NotEligible(&'static str),
    /// On none of the nodes; how many for which reason.
    Nowhere(BTreeMap<String, usize>),
}

/// What preemption looks at: a pod without a place, and why the nodes are none.
pub(super) struct Preemption<'a> {
    pub(super) pod: &'a Object,
    pub(super) nodes: &'a Nodes,
    pub(super) namespaces: &'a Namespaces,
    /// PodDisruptionBudgets: their pods are the last to go.
    pub(super) budgets: &'a [Arc<Object>],
}

impl Preemption<'_> {
    /// Finds the node where it costs least.
    pub(super) fn find(&self, misfits: &[(&Node, Misfit)]) -> Result<Room, Futile> {
        self.is_eligible(misfits)?;
        let mut reasons = BTreeMap::new();
        let mut costs = Vec::new();
        let mut world = None;
        for (node, misfit) in misfits {
            let victims = match misfit.resolvable {
                false => Err(vec![NOT_HELPFUL.to_owned()]),
                true => self.victims(&mut world, node),
            };
            match victims {
                Ok(victims) => costs.push((*node, victims)),
                Err(why) => why.into_iter().for_each(|why| *reasons.entry(why).or_insert(0) += 1),
            }
        }
        let cheapest = costs.into_iter().min_by_key(|(node, victims)| (victims.cost(), node.object.name()));
        let (node, victims) = cheapest.ok_or(Futile::Nowhere(reasons))?;
        Ok(Room {
            node: node.object.name().to_owned(),
            victims: victims.pods.into_iter().map(|placed| placed.pod).collect(),
        })
    }

    fn is_eligible(&self, misfits: &[(&Node, Misfit)]) -> Result<(), Futile> {
        if self.pod.str_at("/spec/preemptionPolicy") == "Never" {
            return Err(Futile::NotEligible("not eligible due to preemptionPolicy=Never."));
        }
        let nominated = self.pod.str_at("/status/nominatedNodeName");
        let known = misfits.iter().find(|(node, _)| node.object.name() == nominated);
        let Some((node, misfit)) = known else { return Ok(()) };
        let waits = misfit.resolvable && self.less_important(node).any(|placed| leaves_by_preemption(&placed.pod));
        match waits {
            true => Err(Futile::NotEligible("not eligible due to a terminating pod on the nominated node.")),
            false => Ok(()),
        }
    }

    fn less_important<'n>(&self, node: &'n Node) -> impl Iterator<Item = &'n Placed> {
        let own = priority(self.pod);
        node.pods.values().filter(move |placed| priority(&placed.pod) < own)
    }

    /// The fewest pods that have to go from a node, or why it is no use. `world` is a copy to try things in, made for the first node with
    /// pods that might go; it is as it was afterwards.
    fn victims(&self, world: &mut Option<Nodes>, node: &Node) -> Result<Victims, Vec<String>> {
        let mut all: Vec<Placed> = self.less_important(node).cloned().collect();
        if all.is_empty() {
            return Err(vec![NO_VICTIMS.to_owned()]);
        }
        let world = world.get_or_insert_with(|| self.nodes.clone());
        let name = node.object.name();
        all.sort_by_cached_key(|placed| (Reverse(priority(&placed.pod)), since(&placed.pod).to_owned()));
        let (violating, harmless) = self.by_budgets(all.clone());
        all.iter().for_each(|placed| world.set(name, placed.pod.uid(), None));
        let mut victims = Victims::default();
        let fits = self.fits(world, name);
        if fits.is_ok() {
            // The most important may stay, as long as the pod still fits; those whose budget is used up before all others.
            for (placed, violates) in violating
                .into_iter()
                .map(|p| (p, true))
                .chain(harmless.into_iter().map(|p| (p, false)))
            {
                world.set(name, placed.pod.uid(), Some(placed.clone()));
                if self.fits(world, name).is_err() {
                    world.set(name, placed.pod.uid(), None);
                    victims.violations += usize::from(violates);
                    victims.pods.push(placed);
                }
            }
        }
        for placed in all {
            let uid = placed.pod.uid().to_owned();
            world.set(name, &uid, Some(placed));
        }
        fits.map(|()| victims)
    }

    fn fits(&self, world: &Nodes, name: &str) -> Result<(), Vec<String>> {
        let Some(node) = world.get(name) else { return Err(vec![]) };
        let candidate = Candidate::new(self.pod, world, self.namespaces);
        candidate.check(node).map_err(|misfit| misfit.reasons)
    }

    /// Pods whose budget allows no further disruption, and the others; both in the order given.
    fn by_budgets(&self, pods: Vec<Placed>) -> (Vec<Placed>, Vec<Placed>) {
        let mut left: Vec<i64> = self
            .budgets
            .iter()
            .map(|budget| budget.int_at("/status/disruptionsAllowed"))
            .collect();
        pods.into_iter().partition(|placed| {
            let mut violates = false;
            for (budget, left) in self.budgets.iter().zip(&mut left) {
                if protects(budget, &placed.pod) {
                    *left -= 1;
                    violates |= *left < 0;
                }
            }
            violates
        })
    }
}

/// Pods that have to go from one node.
#[derive(Clone, Debug, Default)]
struct Victims {
    /// More important ones first.
    pods: Vec<Placed>,
    /// How many go against a budget.
    violations: usize,
}

impl Victims {
    /// Less is better: budgets gone against, the highest priority, the sum of priorities, the number of pods; then the most important ones
    /// that have run for the shortest time.
    fn cost(&self) -> (usize, i64, i64, usize, Reverse<String>) {
        let priorities = || self.pods.iter().map(|placed| priority(&placed.pod));
        let highest = priorities().max().unwrap_or(i64::MIN);
        // As upstream counts, so that a pod of negative priority is not better than none.
        let sum = priorities().map(|priority| priority + i64::from(i32::MAX) + 1).sum();
        let top = self.pods.iter().filter(|placed| priority(&placed.pod) == highest);
        let earliest = top.map(|placed| since(&placed.pod)).min().unwrap_or_default();
        (self.violations, highest, sum, self.pods.len(), Reverse(earliest.to_owned()))
    }
}

/// `spec.priority`.
pub(super) fn priority(pod: &Object) -> i64 {
    pod.int_at("/spec/priority")
}

/// Since when a pod runs, RFC 3339; one that does not run yet is the newest.
fn since(pod: &Object) -> &str {
    match pod.str_at("/status/startTime") {
        "" => "9999",
        since => since,
    }
}

/// Whether a pod is on its way out because another one needs its place.
fn leaves_by_preemption(pod: &Object) -> bool {
    let condition = conditions::find(pod.list_at("/status/conditions"), "DisruptionTarget");
    pod.deletion_timestamp().is_some() && condition.is_some_and(|known| known["status"] == "True" && known["reason"] == REASON)
}

/// Whether a budget counts a pod that the API server has not counted already. An empty selector counts none here.
fn protects(budget: &Object, pod: &Object) -> bool {
    let by = budget.at("/spec/selector");
    budget.namespace() == pod.namespace()
        && !selector::is_empty(by)
        && selector::matches(by, pod.labels())
        && budget
            .map_at("/status/disruptedPods")
            .is_none_or(|known| known.get(pod.name()).is_none())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::controllers::resources::{NODES, PODS};
    use crate::controllers::runtime::Change;
    use crate::scheduler::verdict::{Nomination, Surroundings, decide};
    use crate::value::{Value, json};

    fn take(nodes: &mut Nodes, resource: &crate::resource::Resource, value: Value) {
        nodes.take(&Change {
            resource: resource.clone(),
            object: Arc::new(Object::new(value)),
            old: None,
            gone: false,
        });
    }

    fn pod(name: &str, node: Option<&str>, cpu: &str, priority: i64) -> Value {
        let containers = json!([{"resources": {"requests": {"cpu": cpu}}}]);
        json!({
            "metadata": {"name": name, "uid": name, "namespace": "ns", "labels": {"app": name}},
            "spec": {"nodeName": node, "priority": priority, "containers": containers},
            "status": {"startTime": format!("2026-01-01T00:00:0{priority}Z")},
        })
    }

    /// Nodes `a`, `b`, ... with 4 CPU each and these pods.
    fn world(pods: &[Value]) -> Nodes {
        let mut nodes = Nodes::default();
        for pod in pods {
            let name = pod["spec"]["nodeName"].as_str().unwrap();
            let metadata = json!({"name": name, "labels": {"kubernetes.io/hostname": name}});
            take(
                &mut nodes,
                &NODES,
                json!({"metadata": metadata, "status": {"allocatable": {"cpu": "4", "pods": "9"}}}),
            );
            take(&mut nodes, &PODS, pod.clone());
        }
        nodes
    }

    fn budget(app: &str, allowed: i64) -> Arc<Object> {
        Arc::new(Object::new(json!({
            "metadata": {"name": app, "namespace": "ns"}, "spec": {"selector": {"matchLabels": {"app": app}}},
            "status": {"disruptionsAllowed": allowed},
        })))
    }

    /// What has to go from where; or the last sentence of the message.
    fn outcome(pod: Value, nodes: &Nodes, budgets: &[Arc<Object>]) -> String {
        let surroundings = Surroundings {
            volumes: None,
            selected: None,
            budgets,
        };
        let refusal = match decide(&Object::new(pod), nodes, &Namespaces::new(), surroundings) {
            Ok(node) => return format!("goes to {node}"),
            Err(refusal) => refusal,
        };
        match refusal.nomination {
            Nomination::Make(room) => {
                let names: Vec<&str> = room.victims.iter().map(|victim| victim.name()).collect();
                format!("{}: {}", room.node, names.join(" "))
            }
            Nomination::Keep | Nomination::Clear => refusal.message.rsplit_once(": ").unwrap().1.to_owned(),
        }
    }

    #[rstest]
    #[case::less_important(&[("low", "a", "3", 1)], "a: low")]
    #[case::as_important(&[("same", "a", "3", 5)], "1 No preemption victims found for incoming pod.")]
    #[case::fewest_go(&[("low", "a", "1", 1), ("mid", "a", "2", 3), ("high", "a", "1", 4)], "a: mid")]
    #[case::the_most_important_stay(&[("low", "a", "2", 1), ("mid", "a", "2", 3)], "a: low")]
    #[case::still_no_room(&[("low", "a", "1", 1), ("same", "a", "3", 5)], "1 Insufficient cpu.")]
    #[case::least_important_node(&[("two", "a", "3", 2), ("one", "b", "3", 1)], "b: one")]
    #[case::fewer_pods(&[("a1", "a", "1", 1), ("a2", "a", "2", 1), ("b1", "b", "4", 1)], "b: b1")]
    fn who_has_to_go(#[case] placed: &[(&str, &str, &str, i64)], #[case] expected: &str) {
        let pods: Vec<Value> = placed
            .iter()
            .map(|(name, node, cpu, priority)| pod(name, Some(node), cpu, *priority))
            .collect();
        let cpu = if placed.len() == 3 && placed[0].0 == "a1" { "3500m" } else { "2" };
        assert_eq!(outcome(pod("new", None, cpu, 5), &world(&pods), &[]), expected);
    }

    #[test]
    fn budgets_are_kept_where_they_can_be() {
        let nodes = world(&[pod("one", Some("a"), "3", 1), pod("two", Some("b"), "3", 2)]);
        let new = || pod("new", None, "2", 5);
        assert_eq!(outcome(new(), &nodes, &[budget("one", 0)]), "b: two");
        assert_eq!(outcome(new(), &nodes, &[budget("one", 1)]), "a: one");
        assert_eq!(outcome(new(), &nodes, &[budget("one", 0), budget("two", 0)]), "a: one");
    }

    #[test]
    fn some_may_not_ask() {
        let mut never = pod("new", None, "2", 5);
        never["spec"]["preemptionPolicy"] = "Never".into();
        let nodes = world(&[pod("low", Some("a"), "3", 1)]);
        assert_eq!(outcome(never, &nodes, &[]), "not eligible due to preemptionPolicy=Never.");

        let mut leaving = pod("low", Some("a"), "3", 1);
        leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        leaving["status"]["conditions"] = json!([{"type": "DisruptionTarget", "status": "True", "reason": REASON}]);
        let mut waits = pod("new", None, "2", 5);
        waits["status"]["nominatedNodeName"] = "a".into();
        let told = "not eligible due to a terminating pod on the nominated node.";
        assert_eq!(outcome(waits, &world(&[leaving]), &[]), told);
    }

    #[test]
    fn room_is_kept_for_whom_it_was_made() {
        let mut nodes = world(&[pod("small", Some("a"), "1", 1)]);
        let mut waits = pod("waits", None, "3", 5);
        waits["status"]["nominatedNodeName"] = "a".into();
        take(&mut nodes, &PODS, waits.clone());
        assert_eq!(outcome(pod("less", None, "1", 3), &nodes, &[]), "a: small");
        assert_eq!(outcome(pod("more", None, "1", 6), &nodes, &[]), "goes to a");
        assert_eq!(outcome(waits, &nodes, &[]), "goes to a");
    }
}
