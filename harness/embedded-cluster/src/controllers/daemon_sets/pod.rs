//! The pods of a daemon set, and the nodes they are for.

use crate::value::{Value, json};

use super::HASH;
use crate::controllers::fields::{Fields, entry};
use crate::controllers::pods;
use crate::object::Object;
use crate::scheduler::{node_affinity, taints};

const GENERATION: &str = "deprecated.daemonset.template.generation";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Whether a set wants a pod on a node: its selector and affinity match, and it tolerates the taints.
pub(super) fn fits(set: &Object, node: &Object) -> bool {
    let template = set.at("/spec/template");
    let mut tolerations = template.list_at("/spec/tolerations").to_vec();
    tolerations.extend(added_tolerations(template));
    let mut hard = node.list_at("/spec/taints").iter().filter(|taint| taints::is_hard(taint));
    hard.all(|taint| taints::is_tolerated(taint, &tolerations)) && node_affinity::allows(template, node)
}

/// What daemon pods tolerate beyond their template: trouble with the node itself.
fn added_tolerations(template: &Value) -> Vec<Value> {
    let toleration =
        |(name, effect): (&str, &str)| json!({"key": format!("node.kubernetes.io/{name}"), "operator": "Exists", "effect": effect});
    let rows = [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ];
    let network = template
        .flag_at("/spec/hostNetwork")
        .then_some(("network-unavailable", "NoSchedule"));
    rows.into_iter().chain(network).map(toleration).collect()
}

/// The pod for a node.
pub(super) fn of(set: &Object, hash: &str, node: &str) -> Value {
    let mut pod = pods::from_template(set.at("/spec/template"), set);
    let labels = entry(&mut pod["metadata"], "labels");
    labels[HASH] = hash.into();
    labels["pod-template-generation"] = set.annotation(GENERATION).unwrap_or("1").into();
    let added = added_tolerations(set.at("/spec/template"));
    let tolerations = pod.list_at("/spec/tolerations").iter().cloned();
    pod["spec"]["tolerations"] = tolerations.chain(added).collect();
    // Each term is an alternative, so that the node's name goes into all of them.
    let name = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
    let affinity = entry(entry(&mut pod["spec"], "affinity"), "nodeAffinity");
    let required = entry(affinity, REQUIRED);
    let mut terms = required["nodeSelectorTerms"].as_array().cloned().unwrap_or_else(|| vec![json!({})]);
    for term in &mut terms {
        term["matchFields"] = name.clone();
    }
    required["nodeSelectorTerms"] = terms.into();
    pod
}

/// The node that a pod is on, or is meant for.
pub(super) fn node_of(pod: &Object) -> &str {
    let bound = pod.str_at("/spec/nodeName");
    let path = format!("/spec/affinity/nodeAffinity/{REQUIRED}/nodeSelectorTerms/0/matchFields/0/values/0");
    if bound.is_empty() { pod.str_at(&path) } else { bound }
}
