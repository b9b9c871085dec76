//! `status` of a stateful set.

use std::sync::Arc;

use crate::value::{Value, json};

use super::Round;
use super::pod::REVISION;
use crate::controllers::fields::{Fields, omit_empty};
use crate::controllers::pods;
use crate::controllers::resources::{PODS, STATEFUL_SETS};
use crate::controllers::runtime::Outcome;
use crate::object::Object;

/// Writes the status, if it differs; answers when to look again.
pub(super) async fn report(round: &Round<'_>) -> Outcome {
    // What this round changed comes by the watch.
    let pods = round.context.cache.controlled(&PODS, round.set.uid());
    let status = of(round, &pods);
    if status != *round.set.at("/status") {
        let mut value = round.set.value().clone();
        value["status"] = status;
        round.context.client.update_status(&STATEFUL_SETS, value).await?;
    }
    Ok(round.next_available())
}

fn of(round: &Round<'_>, pods: &[Arc<Object>]) -> Value {
    let set = round.set;
    let alive: Vec<&Arc<Object>> = pods.iter().filter(|pod| !pods::is_ended(*pod)).collect();
    let count = |wanted: &dyn Fn(&Object) -> bool| alive.iter().filter(|pod| wanted(pod)).count();
    let of_revision = |revision: &Object| count(&|pod| pod.label(REVISION) == Some(revision.name()) && pod.deletion_timestamp().is_none());
    let updated = of_revision(&round.revisions.update);
    let ready = count(&|pod| pods::is_ready(pod));
    let wanted = usize::try_from(set.number_at("/spec/replicas").unwrap_or(1)).unwrap_or(0);
    let done = updated == wanted && ready == wanted && alive.len() == wanted;
    let current = if done { &round.revisions.update } else { &round.current };
    let mut status = omit_empty(json!({
        "observedGeneration": set.generation(), "currentRevision": current.name(), "updateRevision": round.revisions.update.name(),
        "currentReplicas": of_revision(current), "updatedReplicas": updated, "readyReplicas": ready,
    }));
    status["replicas"] = alive.len().into();
    status["availableReplicas"] = count(&|pod| round.is_healthy(pod)).into();
    status["collisionCount"] = set.int_at("/status/collisionCount").into();
    status
}
