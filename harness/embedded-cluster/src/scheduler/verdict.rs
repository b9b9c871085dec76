//! Where a pod goes, or why it cannot go anywhere, in the scheduler's words.

use std::collections::BTreeMap;

use super::affinity::Namespaces;
use super::filter::{Candidate, Misfit};
use super::nodes::{Node, Nodes};
use super::score;
use crate::controllers::fields::Fields;
use crate::object::Object;

/// The node for a pod, or the message of its `Unschedulable` condition. `volumes` is what is
/// wrong with the pod's volume claims, if anything.
pub(super) fn decide(pod: &Object, nodes: &Nodes, namespaces: &Namespaces, volumes: Option<String>) -> Result<String, String> {
    if nodes.len() == 0 {
        return Err("no nodes available to schedule pods".to_owned());
    }
    if let Some(problem) = volumes {
        let helpless = [(NOT_HELPFUL.to_owned(), nodes.len())].into();
        return Err(format!("{} {problem}. {PREEMPTION}{}", heading(nodes), histogram(nodes, &helpless)));
    }
    let candidate = Candidate::new(pod, nodes, namespaces);
    let mut fitting: Vec<&Node> = Vec::new();
    let mut reasons = BTreeMap::new();
    let mut preemption = BTreeMap::new();
    for node in nodes.iter() {
        match candidate.check(node) {
            Ok(()) => fitting.push(node),
            Err(misfit) => {
                *preemption.entry(preemption_on(pod, node, &misfit).to_owned()).or_insert(0) += 1;
                misfit
                    .reasons
                    .into_iter()
                    .for_each(|reason| *reasons.entry(reason).or_insert(0) += 1);
            }
        }
    }
    match score::best(&candidate, &fitting) {
        Some(node) => Ok(node.object.name().to_owned()),
        None => Err(format!(
            "{} {PREEMPTION}{}",
            histogram(nodes, &reasons),
            histogram(nodes, &preemption)
        )),
    }
}

const PREEMPTION: &str = "no new claims to deallocate, preemption: ";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
/// Not upstream's: it would preempt here.
const NOT_DONE: &str = "Preemption of less important pods is not implemented by this scheduler";

fn preemption_on(pod: &Object, node: &Node, misfit: &Misfit) -> &'static str {
    let priority = pod.int_at("/spec/priority");
    let may = pod.str_at("/spec/preemptionPolicy") != "Never";
    match misfit.resolvable {
        false => NOT_HELPFUL,
        true if may && node.pods.values().any(|placed| placed.pod.int_at("/spec/priority") < priority) => NOT_DONE,
        true => NO_VICTIMS,
    }
}

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
    use std::sync::Arc;

    use crate::value::{Value, json};
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
        let decided = decide(&Object::new(pod("new", None, spec)), &nodes, &Namespaces::new(), None);
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
            None,
        );
        assert_eq!(decided, Err("no nodes available to schedule pods".to_owned()));
    }

    #[test]
    fn who_avoids_others_is_heard_until_it_goes() {
        let mut nodes = Nodes::default();
        take(&mut nodes, &NODES, node("a", "4", json!({})));
        take(&mut nodes, &NODES, node("b", "2", json!({})));
        let new = Object::new(pod("new", None, asks("1")));
        let decided = |nodes: &Nodes| decide(&new, nodes, &Namespaces::new(), None);
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
        let decided = |pod: Value| decide(&Object::new(pod), &nodes, &Namespaces::new(), None);
        assert_eq!(decided(of("new", None, "web")), Ok("b".to_owned()));
        assert_eq!(decided(of("new", None, "other")), Ok("a".to_owned()));
    }

    #[test]
    fn room_comes_back_when_a_pod_goes() {
        let mut nodes = Nodes::default();
        take(&mut nodes, &NODES, node("a", "4", json!({})));
        take(&mut nodes, &PODS, pod("old", Some("a"), asks("3")));
        let new = Object::new(pod("new", None, asks("2")));
        assert!(decide(&new, &nodes, &Namespaces::new(), None).is_err_and(|why| why.contains("1 Insufficient cpu")));
        let old = Arc::new(Object::new(pod("old", Some("a"), asks("3"))));
        let gone = Change {
            resource: PODS,
            object: old.clone(),
            old: Some(old),
            gone: true,
        };
        assert_eq!(nodes.take(&gone), Effect::Room);
        assert_eq!(decide(&new, &nodes, &Namespaces::new(), None), Ok("a".to_owned()));
    }
}
