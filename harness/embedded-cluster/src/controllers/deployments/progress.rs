//! `status` of a deployment: counts, and whether the rollout goes on.

use std::sync::Arc;
use std::time::Duration;

use crate::value::{Value, json};
use jiff::Timestamp;

use super::rolling::Limits;
use super::sets::Sets;
use crate::controllers::conditions::{self, Condition};
use crate::controllers::fields::{Fields, omit_empty, seconds};
use crate::controllers::resources::DEPLOYMENTS;
use crate::controllers::runtime::{Context, Outcome};
use crate::object::Object;
use crate::status::Status;

/// Type of the condition that tells how a rollout goes.
pub(super) const PROGRESSING: &str = "Progressing";
/// Its reason once the deadline has passed.
pub(super) const TIMED_OUT: &str = "ProgressDeadlineExceeded";
/// Its reason at the end of a rollout.
const AVAILABLE: &str = "NewReplicaSetAvailable";

/// The status of a deployment by its sets' counts; `Progressing` is left as it was.
pub(super) fn count(deployment: &Object, sets: &Sets) -> Value {
    let available = sets.sum("/status/availableReplicas");
    let new = |pointer: &str| sets.new.as_ref().map_or(0, |set| set.int_at(pointer));
    let mut status = omit_empty(json!({
        "observedGeneration": deployment.generation(),
        "replicas": sets.sum("/status/replicas"),
        "updatedReplicas": new("/status/replicas"),
        "readyReplicas": sets.sum("/status/readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": (sets.sum("/spec/replicas") - available).max(0),
        "conditions": deployment.at("/status/conditions"),
        "collisionCount": deployment.at("/status/collisionCount"),
    }));
    status["terminatingReplicas"] = sets.sum("/status/terminatingReplicas").into();
    status
}

/// Whether a status says that everything is rolled out.
pub(super) fn is_complete(deployment: &Object, status: &Value) -> bool {
    let replicas = deployment.int_at("/spec/replicas");
    let all = ["/updatedReplicas", "/replicas", "/availableReplicas"];
    all.iter().all(|counted| status.int_at(counted) == replicas) && status.int_at("/observedGeneration") >= deployment.generation()
}

/// Whether the new counts are closer to the end than the old ones.
fn progressed(old: &Value, new: &Value) -> bool {
    let more = |pointer: &str| new.int_at(pointer) > old.int_at(pointer);
    let outdated = |status: &Value| status.int_at("/replicas") - status.int_at("/updatedReplicas");
    more("/updatedReplicas") || outdated(new) < outdated(old) || more("/readyReplicas") || more("/availableReplicas")
}

/// Whether the deadline has passed since the last progress.
fn timed_out(deadline: Option<i64>, condition: Option<&Value>, now: Timestamp) -> bool {
    let (Some(_), Some(condition)) = (deadline, condition) else {
        return false;
    };
    match condition.str_at("/reason") {
        AVAILABLE => false,
        TIMED_OUT => true,
        _ => remaining(deadline, Some(condition), now).is_some_and(|left| left.is_zero()),
    }
}

/// Time until the deadline.
fn remaining(deadline: Option<i64>, condition: Option<&Value>, now: Timestamp) -> Option<Duration> {
    let since = condition?.time_at("/lastUpdateTime")?;
    let passed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    Some(Duration::from_secs(deadline?.unsigned_abs()).saturating_sub(passed))
}

/// Writes counts and `Available` only.
pub(super) async fn report_counts(context: &Context, deployment: &Arc<Object>, sets: &Sets) -> Result<(), Status> {
    let status = count(deployment, sets);
    let mut list = status.list_at("/conditions").to_vec();
    note_availability(deployment, &status, &mut list, &seconds(context.clock.now()));
    write(context, deployment, status, list).await
}

/// Writes the whole status; answers when the deadline would pass.
pub(super) async fn report(context: &Context, deployment: &Arc<Object>, sets: &Sets) -> Outcome {
    let now = context.clock.now();
    let time = seconds(now);
    let status = count(deployment, sets);
    let mut list = status.list_at("/conditions").to_vec();
    note_availability(deployment, &status, &mut list, &time);
    let deadline = deployment.number_at("/spec/progressDeadlineSeconds");
    let current = conditions::find(&list, PROGRESSING).cloned();
    let reason = current.as_ref().map(|c| c.str_at("/reason")).unwrap_or_default();
    let done = status.int_at("/replicas") == status.int_at("/updatedReplicas") && reason == AVAILABLE;
    if deadline.is_none() {
        conditions::remove(&mut list, PROGRESSING);
    } else if !done {
        note_progress(deployment, sets, &status, &mut list, now);
    }
    note_failure(sets, &mut list, &time);
    let again = conditions::find(&list, PROGRESSING).filter(|c| !matches!(c.str_at("/reason"), AVAILABLE | TIMED_OUT));
    let again = remaining(deadline, again, now).map(|left| left + Duration::from_secs(1));
    write(context, deployment, status, list).await?;
    Ok(again)
}

fn note_availability(deployment: &Object, status: &Value, list: &mut Vec<Value>, now: &str) {
    let minimum = status.int_at("/availableReplicas") >= Limits::of(deployment).fewest();
    let (status, reason, message) = if minimum {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    conditions::set(
        list,
        &Condition {
            kind: "Available",
            status,
            reason,
            message,
        },
        now,
        Some("lastUpdateTime"),
    );
}

fn note_progress(deployment: &Object, sets: &Sets, status: &Value, list: &mut Vec<Value>, now: Timestamp) {
    let who = match &sets.new {
        Some(new) => format!("ReplicaSet {:?}", new.name()),
        None => format!("Deployment {:?}", deployment.name()),
    };
    let current = conditions::find(list, PROGRESSING).cloned();
    let deadline = deployment.number_at("/spec/progressDeadlineSeconds");
    let time = seconds(now);
    let mut set = |status, reason, message: String| {
        conditions::set(
            list,
            &Condition {
                kind: PROGRESSING,
                status,
                reason,
                message: &message,
            },
            &time,
            Some("lastUpdateTime"),
        );
    };
    if is_complete(deployment, status) {
        set("True", AVAILABLE, format!("{who} has successfully progressed."));
    } else if progressed(deployment.at("/status"), status) {
        // Also where it said so before: each progress restarts the deadline.
        let kept = current.filter(|c| c["status"] == "True").map(|c| c["lastTransitionTime"].clone());
        conditions::remove(list, PROGRESSING);
        let message = format!("{who} is progressing.");
        let condition = Condition {
            kind: PROGRESSING,
            status: "True",
            reason: "ReplicaSetUpdated",
            message: &message,
        };
        conditions::set(list, &condition, &time, Some("lastUpdateTime"));
        if let (Some(kept), Some(condition)) = (kept, list.last_mut()) {
            condition["lastTransitionTime"] = kept;
        }
    } else if timed_out(deadline, current.as_ref(), now) {
        set("False", TIMED_OUT, format!("{who} has timed out progressing."));
    }
}

/// Takes over `ReplicaFailure` of the new set, else of an old one.
fn note_failure(sets: &Sets, list: &mut Vec<Value>, now: &str) {
    const FAILURE: &str = "ReplicaFailure";
    let failing = |set: &Arc<Object>| conditions::find(set.list_at("/status/conditions"), FAILURE).cloned();
    match sets.new.iter().chain(&sets.old).find_map(failing) {
        None => conditions::remove(list, FAILURE),
        Some(failure) => {
            let text = |field| failure.str_at(field);
            let (status, reason, message) = (text("/status"), text("/reason"), text("/message"));
            conditions::set(
                list,
                &Condition {
                    kind: FAILURE,
                    status,
                    reason,
                    message,
                },
                now,
                Some("lastUpdateTime"),
            );
        }
    }
}

async fn write(context: &Context, deployment: &Arc<Object>, mut status: Value, list: Vec<Value>) -> Result<(), Status> {
    status["conditions"] = list.into();
    if status != *deployment.at("/status") {
        let mut value = deployment.value().clone();
        value["status"] = status;
        context.client.update_status(&DEPLOYMENTS, value).await?;
    }
    Ok(())
}
