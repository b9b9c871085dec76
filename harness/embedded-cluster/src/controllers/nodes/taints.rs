//! The taints that follow from a node's conditions, and from its being cordoned.

use jiff::Timestamp;

use crate::controllers::fields::{Fields, seconds};
use crate::object::Object;
use crate::value::{Value, json};

/// Conditions, the status that counts, and what it is called as a taint (k8s.io/api/core/v1, `well_known_taints.go`).
const OF_CONDITIONS: &[(&str, &str, &str)] = &[
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];
const CORDONED: &str = "node.kubernetes.io/unschedulable";

/// The taints that a node should have, those of others among them; `None` if it has them.
pub(super) fn needed(node: &Object, now: Timestamp) -> Option<Vec<Value>> {
    let wanted = wanted(node);
    let has = |taint: &Value| (taint.str_at("/key").to_owned(), taint.str_at("/effect").to_owned());
    let current = node.list_at("/spec/taints");
    let is_wanted = |taint: &Value| wanted.contains(&(taint.str_at("/key"), taint.str_at("/effect")));
    let kept: Vec<Value> = current
        .iter()
        .filter(|taint| !is_ours(taint) || is_wanted(taint))
        .cloned()
        .collect();
    let there: Vec<_> = kept.iter().map(has).collect();
    let missing = wanted
        .iter()
        .filter(|(key, effect)| !there.iter().any(|(k, e)| k == key && e == effect))
        .map(|(key, effect)| json!({"key": *key, "effect": *effect, "timeAdded": seconds(now)}));
    let all: Vec<Value> = kept.iter().cloned().chain(missing).collect();
    (all.len() != current.len() || kept.len() != current.len()).then_some(all)
}

fn wanted(node: &Object) -> Vec<(&'static str, &'static str)> {
    let mut wanted = Vec::new();
    for condition in node.list_at("/status/conditions") {
        let of = |(kind, status, _): &&(&str, &str, &str)| condition.str_at("/type") == *kind && condition.str_at("/status") == *status;
        if let Some((kind, _, key)) = OF_CONDITIONS.iter().find(of) {
            wanted.push((*key, "NoSchedule"));
            if *kind == "Ready" {
                wanted.push((*key, "NoExecute"));
            }
        }
    }
    if node.flag_at("/spec/unschedulable") {
        wanted.push((CORDONED, "NoSchedule"));
    }
    wanted
}

/// Whether a taint comes and goes by this controller.
fn is_ours(taint: &Value) -> bool {
    let key = taint.str_at("/key");
    match taint.str_at("/effect") {
        "NoSchedule" => key == CORDONED || OF_CONDITIONS.iter().any(|(_, _, of_condition)| key == *of_condition),
        "NoExecute" => OF_CONDITIONS
            .iter()
            .any(|(kind, _, of_condition)| *kind == "Ready" && key == *of_condition),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::ready(json!([{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "False"}]), &[])]
    #[case::no_conditions(json!([]), &[])]
    #[case::not_ready(json!([{"type": "Ready", "status": "False"}]), &["not-ready:NoSchedule", "not-ready:NoExecute"])]
    #[case::unreachable(json!([{"type": "Ready", "status": "Unknown"}]), &["unreachable:NoSchedule", "unreachable:NoExecute"])]
    #[case::pressure(json!([{"type": "MemoryPressure", "status": "True"}, {"type": "Ready", "status": "True"}]), &["memory-pressure:NoSchedule"])]
    fn of_conditions(#[case] conditions: Value, #[case] expected: &[&str]) {
        let node = json!({"metadata": {"name": "n"}, "spec": {"taints": [
            {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}, {"key": "gpu", "effect": "NoExecute"},
        ]}, "status": {"conditions": conditions}});
        let node = Object::new(node);
        let taints = needed(&node, Timestamp::UNIX_EPOCH).unwrap_or_else(|| node.list_at("/spec/taints").to_vec());
        let short = |taint: &Value| {
            let key = taint.str_at("/key").trim_start_matches("node.kubernetes.io/").to_owned();
            format!("{key}:{}", taint.str_at("/effect"))
        };
        let mut found: Vec<String> = taints.iter().map(short).filter(|taint| taint != "gpu:NoExecute").collect();
        let mut expected = expected.to_vec();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert!(taints.iter().any(|taint| taint.str_at("/key") == "gpu"), "others' taints stay");
    }

    #[test]
    fn cordoned_and_nothing_to_do() {
        let mut node = json!({"metadata": {"name": "n"}, "spec": {"unschedulable": true}});
        let taints = needed(&Object::new(node.clone()), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(
            taints,
            [json!({"key": CORDONED, "effect": "NoSchedule", "timeAdded": "1970-01-01T00:00:00Z"})]
        );
        node["spec"]["taints"] = taints.into();
        assert_eq!(needed(&Object::new(node), Timestamp::UNIX_EPOCH), None);
    }
}
