//! Where a pod goes, or why it cannot go anywhere, in the scheduler's words.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::affinity::Namespaces;
use super::filter::Candidate;
use super::nodes::{Node, Nodes};
use super::preemption::{Futile, NOT_HELPFUL, Preemption, Room};
use super::score;
use crate::controllers::conditions;
use crate::controllers::fields::Fields;
use crate::object::Object;
use crate::value::Value;

/// Why a pod has no place.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// Of its `Unschedulable` condition.
    pub(super) message: String,
    pub(super) nomination: Nomination,
}

/// What becomes of `status.nominatedNodeName`.
#[derive(Clone, Debug)]
pub(super) enum Nomination {
    /// It stays: room is being made.
    Keep,
    /// There is nothing to wait for.
    Clear,
    /// Others have to go from a node.
    Make(Room),
}

impl Refusal {
    fn of(message: String) -> Self {
        Self {
            message,
            nomination: Nomination::Clear,
        }
    }

    /// Whether the pod has been told so before.
    pub(super) fn is_known_to(&self, pod: &Object) -> bool {
        told(pod).is_some_and(|known| known["message"] == self.message.as_str())
    }
}

/// What a pod is placed by, besides the nodes.
#[derive(Clone, Copy, Default)]
pub(super) struct Surroundings<'a> {
    /// What is wrong with the pod's volume claims, if anything.
    pub(super) volumes: Option<&'a str>,
    /// The node that its volumes were made for.
    pub(super) selected: Option<&'a str>,
    /// PodDisruptionBudgets.
    pub(super) budgets: &'a [Arc<Object>],
}

/// The node for a pod, or why there is none.
pub(super) fn decide(pod: &Object, nodes: &Nodes, namespaces: &Namespaces, surroundings: Surroundings<'_>) -> Result<String, Refusal> {
    if nodes.len() == 0 {
        return Err(Refusal::of("no nodes available to schedule pods".to_owned()));
    }
    if let Some(problem) = surroundings.volumes {
        let helpless = [(NOT_HELPFUL.to_owned(), nodes.len())].into();
        let message = format!("{} {problem}. {PREEMPTION}{}", heading(nodes), histogram(nodes, &helpless));
        return Err(Refusal::of(message));
    }
    let candidate = Candidate::new(pod, nodes, namespaces);
    // Others that wait for room on a node count as if they were there, and as if they never came.
    let later = nodes.with_nominated(pod);
    let candidate_later = later.as_ref().map(|later| (later, Candidate::new(pod, later, namespaces)));
    let mut fitting: Vec<&Node> = Vec::new();
    let mut misfits = Vec::new();
    for node in nodes.iter() {
        let then = candidate_later
            .as_ref()
            .and_then(|(later, candidate)| Some((later.get(node.object.name())?, candidate)));
        let fits = then.map_or(Ok(()), |(node, candidate)| candidate.check(node));
        match fits.and_then(|()| candidate.check(node)) {
            Ok(()) => fitting.push(node),
            Err(misfit) => misfits.push((node, misfit)),
        }
    }
    if let Some(node) = fitting.iter().find(|node| surroundings.selected == Some(node.object.name())) {
        return Ok(node.object.name().to_owned());
    }
    if let Some(node) = score::best(&candidate, &fitting) {
        return Ok(node.object.name().to_owned());
    }
    let mut reasons = BTreeMap::new();
    for reason in misfits.iter().flat_map(|(_, misfit)| &misfit.reasons) {
        *reasons.entry(reason.clone()).or_insert(0) += 1;
    }
    let why = histogram(nodes, &reasons);
    let preemption = Preemption {
        pod,
        nodes: later.as_ref().unwrap_or(nodes),
        namespaces,
        budgets: surroundings.budgets,
    };
    Err(match preemption.find(&misfits) {
        Ok(room) => Refusal {
            message: why,
            nomination: Nomination::Make(room),
        },
        Err(Futile::NotEligible(told)) => Refusal {
            message: format!("{why} {PREEMPTION}{told}"),
            nomination: Nomination::Keep,
        },
        Err(Futile::Nowhere(reasons)) => Refusal::of(format!("{why} {PREEMPTION}{}", histogram(nodes, &reasons))),
    })
}

/// The condition that says why a pod has no place.
pub(super) fn told(pod: &Object) -> Option<&Value> {
    let known = conditions::find(pod.list_at("/status/conditions"), "PodScheduled");
    known.filter(|known| known["status"] == "False")
}

const PREEMPTION: &str = "no new claims to deallocate, preemption: ";

fn heading(nodes: &Nodes) -> String {
    format!("0/{} nodes are available:", nodes.len())
}

/// `0/3 nodes are available: 1 this, 2 that.`, sorted as text.
fn histogram(nodes: &Nodes, counts: &BTreeMap<String, usize>) -> String {
    let mut parts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort();
    format!("{} {}.", heading(nodes), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;
    use crate::controllers::resources::{NODES, PODS};
    use crate::controllers::runtime::Change;
    use crate::scheduler::nodes::Effect;

    fn take(nodes: &mut Nodes, resource: &crate::resource::Resource, value: Value) {
        let change = Change {
            resource: resource.clone(),
            object: Arc::new(Object::new(value)),
            old: None,
            gone: false,
        };
        nodes.take(&change);
    }

    fn node(name: &str, cpu: &str, spec: Value) -> Value {
        json!({
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "zone": if name == "c" { "2" } else { "1" }}},
            "spec": spec, "status": {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "3"}},
        })
    }

    fn pod(name: &str, node: Option<&str>, spec: Value) -> Value {
        let mut pod = json!({"metadata": {"name": name, "uid": name, "namespace": "ns", "labels": {"app": "web"}}, "spec": spec});
        pod["spec"]["nodeName"] = node.into();
        pod
    }

    fn asks(cpu: &str) -> Value {
        json!({"containers": [{"resources": {"requests": {"cpu": cpu}}}]})
    }

    fn apart(key: &str) -> Value {
        let term = json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": key});
        json!({"containers": [{}], "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
    }

    fn together(app: &str) -> Value {
        let term = json!({"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "zone"});
        json!({"containers": [{}], "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
    }

    const HELPLESS: &str = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";

    /// Three nodes: `a` (4 CPU, one pod with 3 CPU), `b` (4 CPU), `c` (2 CPU, tainted, zone 2).
    #[rstest]
    #[case::least_allocated(asks("1"), Ok("b"))]
    #[case::too_large(asks("5"), Err(("1 node(s) had untolerated taint(s), 2 Insufficient cpu", HELPLESS)))]
    #[case::selector(json!({"nodeSelector": {"kubernetes.io/hostname": "a"}}), Ok("a"))]
    #[case::tolerated(json!({"tolerations": [{"operator": "Exists"}], "nodeSelector": {"zone": "2"}}), Ok("c"))]
    #[case::no_such_node(json!({"nodeSelector": {"zone": "9"}}), Err(("1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector", HELPLESS)))]
    #[case::apart_by_host(apart("kubernetes.io/hostname"), Ok("b"))]
    #[case::apart_by_zone(apart("zone"), Err((
        "1 node(s) had untolerated taint(s), 2 node(s) didn't match pod anti-affinity rules",
        "no new claims to deallocate, preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
    )))]
    #[case::together(together("web"), Ok("b"))]
    #[case::nobody_to_be_with(together("db"), Err(("1 node(s) had untolerated taint(s), 2 node(s) didn't match pod affinity rules", HELPLESS)))]
    #[case::spread(json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}}}]}), Ok("b"))]
    fn places(#[case] spec: Value, #[case] expected: Result<&str, (&str, &str)>) {
        let mut nodes = Nodes::default();
        take(&mut nodes, &NODES, node("a", "4", json!({})));
        take(&mut nodes, &NODES, node("b", "4", json!({})));
        take(
            &mut nodes,
            &NODES,
            node("c", "2", json!({"taints": [{"key": "gpu", "effect": "NoSchedule"}]})),
        );
        take(&mut nodes, &PODS, pod("old", Some("a"), asks("3")));
        let decided = decide(
            &Object::new(pod("new", None, spec)),
            &nodes,
            &Namespaces::new(),
            Surroundings::default(),
        )
        .map_err(|refusal| refusal.message);
        let expected = expected
            .map(str::to_owned)
            .map_err(|(why, rest)| format!("0/3 nodes are available: {why}. {rest}"));
        assert_eq!(decided, expected);
    }

    #[test]
    fn no_nodes_at_all() {
        let decided = decide(
            &Object::new(pod("new", None, json!({}))),
            &Nodes::default(),
            &Namespaces::new(),
            Surroundings::default(),
        )
        .map_err(|refusal| refusal.message);
        assert_eq!(decided, Err("no nodes available to schedule pods".to_owned()));
    }

    #[test]
    fn who_avoids_others_is_heard_until_it_goes() {
        let mut nodes = Nodes::default();
        take(&mut nodes, &NODES, node("a", "4", json!({})));
        take(&mut nodes, &NODES, node("b", "2", json!({})));
        let new = Object::new(pod("new", None, asks("1")));
        let decided = |nodes: &Nodes| decide(&new, nodes, &Namespaces::new(), Surroundings::default()).map_err(|refusal| refusal.message);
        assert_eq!(decided(&nodes), Ok("a".to_owned()));
        let alone = pod("alone", Some("a"), apart("kubernetes.io/hostname"));
        take(&mut nodes, &PODS, alone.clone());
        assert_eq!(decided(&nodes), Ok("b".to_owned()));
        let mut ended = alone;
        ended["status"]["phase"] = "Succeeded".into();
        take(&mut nodes, &PODS, ended);
        assert_eq!(decided(&nodes), Ok("a".to_owned()));
    }

    #[test]
    fn pods_of_one_controller_go_apart() {
        let mut nodes = Nodes::default();
        take(&mut nodes, &NODES, node("a", "16", json!({})));
        take(&mut nodes, &NODES, node("b", "4", json!({})));
        let of = |name: &str, node: Option<&str>, controller: &str| {
            let mut pod = pod(name, node, asks("1"));
            pod["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": controller, "uid": controller, "controller": true}]);
            pod
        };
        take(&mut nodes, &PODS, of("old", Some("a"), "web"));
        let decided =
            |pod: Value| decide(&Object::new(pod), &nodes, &Namespaces::new(), Surroundings::default()).map_err(|refusal| refusal.message);
        assert_eq!(decided(of("new", None, "web")), Ok("b".to_owned()));
        assert_eq!(decided(of("new", None, "other")), Ok("a".to_owned()));
    }

    #[test]
    fn room_comes_back_when_a_pod_goes() {
        let mut nodes = Nodes::default();
        take(&mut nodes, &NODES, node("a", "4", json!({})));
        take(&mut nodes, &PODS, pod("old", Some("a"), asks("3")));
        let new = Object::new(pod("new", None, asks("2")));
        assert!(
            decide(&new, &nodes, &Namespaces::new(), Surroundings::default())
                .map_err(|refusal| refusal.message)
                .is_err_and(|why| why.contains("1 Insufficient cpu"))
        );
        let old = Arc::new(Object::new(pod("old", Some("a"), asks("3"))));
        let gone = Change {
            resource: PODS,
            object: old.clone(),
            old: Some(old),
            gone: true,
        };
        assert_eq!(nodes.take(&gone), Effect::Room);
        assert_eq!(
            decide(&new, &nodes, &Namespaces::new(), Surroundings::default()).map_err(|refusal| refusal.message),
            Ok("a".to_owned())
        );
    }
}
