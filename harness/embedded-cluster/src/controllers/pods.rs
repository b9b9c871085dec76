//! Pods as their controllers see them.

use std::time::Duration;

use crate::value::{Value, json};
use jiff::Timestamp;

use super::conditions;
use super::fields::Fields;
use crate::object::Object;

/// Whether a pod still counts: neither ended nor being deleted.
pub(crate) fn is_active(pod: &Object) -> bool {
    !is_ended(pod) && pod.deletion_timestamp().is_none()
}

/// Whether all containers have ended for good.
pub(crate) fn is_ended(pod: &impl Fields) -> bool {
    matches!(pod.str_at("/status/phase"), "Succeeded" | "Failed")
}

/// Whether the pod's `Ready` condition holds.
pub(crate) fn is_ready(pod: &impl Fields) -> bool {
    conditions::is_true(pod, "Ready")
}

/// How long until a ready pod has been ready for `minimum`: zero when it has, none when it is
/// not ready at all.
pub(crate) fn available_in(pod: &impl Fields, minimum: Duration, now: Timestamp) -> Option<Duration> {
    let ready = conditions::find(pod.list_at("/status/conditions"), "Ready").filter(|c| c["status"] == "True")?;
    if minimum.is_zero() {
        return Some(Duration::ZERO);
    }
    let since = ready.time_at("/lastTransitionTime")?;
    let elapsed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    Some(minimum.saturating_sub(elapsed))
}

/// Times that containers of the pod were restarted.
pub(crate) fn restarts(pod: &impl Fields) -> i64 {
    let of = |list: &str| pod.list_at(list).iter().map(|c| c.int_at("/restartCount")).sum::<i64>();
    of("/status/containerStatuses") + of("/status/initContainerStatuses")
}

/// `ownerReferences` entry that makes `owner` the controller of an object.
pub(crate) fn controller_reference(owner: &Object) -> Value {
    json!({
        "apiVersion": owner.api_version(), "kind": owner.kind(), "name": owner.name(), "uid": owner.uid(),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// A pod made from a `PodTemplateSpec` for its controller.
pub(crate) fn from_template(template: &Value, owner: &Object) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": format!("{}-", owner.name()),
            "namespace": owner.namespace(),
            "ownerReferences": [controller_reference(owner)],
        },
        "spec": template["spec"],
    });
    for field in ["labels", "annotations", "finalizers"] {
        let value = &template["metadata"][field];
        if !value.is_null() {
            pod["metadata"][field] = value.clone();
        }
    }
    pod
}

/// Orders pods so that those to delete first come first: not scheduled, not running, not ready,
/// cheaper, crowded (`rank`: pods of the same controller on the node), ready for a shorter time,
/// restarted more often, younger.
pub(crate) fn sort_for_deletion(pods: &mut [std::sync::Arc<Object>], rank: impl Fn(&Object) -> usize) {
    let phase = |pod: &Object| match pod.str_at("/status/phase") {
        "Running" => 2,
        "Unknown" => 1,
        _ => 0,
    };
    let cost = |pod: &Object| pod.annotation(DELETION_COST).and_then(|c| c.parse::<i32>().ok()).unwrap_or(0);
    let ready_since = |pod: &Object| {
        let ready = conditions::find(pod.list_at("/status/conditions"), "Ready").filter(|c| c["status"] == "True");
        ready.map(|c| c.str_at("/lastTransitionTime").to_owned()).unwrap_or_default()
    };
    pods.sort_by_cached_key(|pod| {
        (
            !pod.str_at("/spec/nodeName").is_empty(),
            phase(pod),
            is_ready(pod),
            cost(pod),
            std::cmp::Reverse(rank(pod)),
            std::cmp::Reverse(ready_since(pod)),
            std::cmp::Reverse(restarts(pod)),
            std::cmp::Reverse(pod.creation_timestamp().to_owned()),
            pod.name().to_owned(),
        )
    });
}

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
