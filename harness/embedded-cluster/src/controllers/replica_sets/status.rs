//! `status` of a replica set.

use std::sync::Arc;
use std::time::Duration;

use crate::value::{Value, json};
use jiff::Timestamp;

use super::min_ready;
use crate::controllers::conditions::{self, Condition};
use crate::controllers::fields::{Fields, omit_empty, seconds};
use crate::controllers::pods;
use crate::controllers::selector;
use crate::object::Object;

const FAILURE: &str = "ReplicaFailure";

/// The status for these pods, and when to look again because a ready pod becomes available.
/// `failure` is the reason and message of what did not work in this round.
pub(super) fn of(set: &Object, all: &[Arc<Object>], failure: Option<(&str, &str)>, now: Timestamp) -> (Value, Option<Duration>) {
    let active: Vec<&Arc<Object>> = all.iter().filter(|pod| pods::is_active(pod)).collect();
    let terminating = all
        .iter()
        .filter(|pod| pod.deletion_timestamp().is_some() && !pods::is_ended(*pod))
        .count();
    let template = set.map_at("/spec/template/metadata/labels").cloned().unwrap_or_default();
    let labeled = active.iter().filter(|pod| selector::matches_map(&template, pod.labels())).count();
    let waits: Vec<Duration> = active
        .iter()
        .filter_map(|pod| pods::available_in(*pod, min_ready(set), now))
        .collect();
    let available = waits.iter().filter(|wait| wait.is_zero()).count();

    let mut list = set.list_at("/status/conditions").to_vec();
    match failure {
        None => conditions::remove(&mut list, FAILURE),
        Some((reason, message)) => {
            let condition = Condition {
                kind: FAILURE,
                status: "True",
                reason,
                message,
            };
            conditions::set(&mut list, &condition, &seconds(now), None);
        }
    }
    let mut status = omit_empty(json!({
        "fullyLabeledReplicas": labeled, "readyReplicas": waits.len(), "availableReplicas": available, "conditions": list,
        "observedGeneration": set.generation(),
    }));
    status["replicas"] = active.len().into();
    if set.kind() != "ReplicationController" {
        status["terminatingReplicas"] = terminating.into();
    }
    (status, waits.into_iter().filter(|wait| !wait.is_zero()).min())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, ready_at: Option<&str>) -> Arc<Object> {
        let conditions = ready_at.map(|at| json!([{"type": "Ready", "status": "True", "lastTransitionTime": at}]));
        Arc::new(Object::new(json!({
            "metadata": {"name": name, "labels": {"app": "x"}}, "status": {"phase": "Running", "conditions": conditions},
        })))
    }

    #[test]
    fn counts_and_the_next_availability() {
        let set = Object::new(json!({
            "metadata": {"generation": 3},
            "spec": {"minReadySeconds": 10, "template": {"metadata": {"labels": {"app": "x"}}}},
        }));
        let now: Timestamp = "2026-01-01T00:00:20Z".parse().unwrap();
        let pods = [
            pod("a", Some("2026-01-01T00:00:05Z")),
            pod("b", Some("2026-01-01T00:00:16Z")),
            pod("c", None),
        ];
        let (status, again) = of(&set, &pods, None, now);
        let expected = json!({
            "fullyLabeledReplicas": 3, "readyReplicas": 2, "availableReplicas": 1, "replicas": 3, "terminatingReplicas": 0,
            "observedGeneration": 3,
        });
        assert_eq!((status, again), (expected, Some(Duration::from_secs(6))));
    }

    #[test]
    fn an_empty_set_has_zero_replicas_written_out() {
        let set = Object::new(json!({"metadata": {"generation": 1}}));
        let (status, again) = of(&set, &[], Some(("FailedCreate", "no")), Timestamp::UNIX_EPOCH);
        assert_eq!((status["replicas"].clone(), again), (json!(0), None));
        assert_eq!(status.str_at("/conditions/0/reason"), "FailedCreate");
    }
}
