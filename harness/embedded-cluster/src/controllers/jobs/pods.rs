//! Making and deleting a job's pods.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::value::{Value, json};
use jiff::Timestamp;

use super::backoff;
use super::indexes::{self, INDEX};
use super::per_index;
use super::tally::{Tally, is_tracked, only_ended};
use super::{TRACKING, is_finished};
use crate::client::{DeleteOptions, Patch};
use crate::controllers::fields::{Fields, entry};
use crate::controllers::pods;
use crate::controllers::resources::{JOBS, PODS};
use crate::controllers::runtime::{Context, Key};
use crate::object::Object;
use crate::status::Status;

/// Most pods made in one go.
const BURST: i64 = 500;

/// Brings the number of active pods to what is wanted. Answers how long to wait first, if so.
pub(super) async fn manage(context: &Context, job: &Object, all: &[Arc<Object>], tally: &mut Tally) -> Result<Option<Duration>, Status> {
    let wanted = wanted(job, tally);
    let active: Vec<Arc<Object>> = all.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
    if tally.active > wanted {
        let mut victims = active;
        pods::sort_for_deletion(&mut victims, |_| 0);
        let surplus = usize::try_from(tally.active - wanted).unwrap_or(0);
        for pod in &victims[..surplus] {
            // Not the pod's fault: it is not to be counted.
            release(context, pod).await?;
            delete(context, pod).await?;
            context
                .events
                .normal(job, "SuccessfulDelete", &format!("Deleted pod: {}", pod.name()))
                .await;
            tally.active -= 1;
            tally.ready -= i64::from(pods::is_ready(pod));
        }
        return Ok(None);
    }
    let waiting = if only_ended(job) { tally.terminating } else { 0 };
    let missing = (wanted - tally.active - waiting).min(BURST);
    if missing <= 0 {
        return Ok(None);
    }
    let now = context.clock.now();
    if !per_index::applies(job)
        && let Some(pause) = backoff::remaining(job, all, now)
    {
        return Ok(Some(pause));
    }
    let (indexes, pause) = due(next_indexes(job, all, tally, missing), tally, now);
    for index in indexes {
        let last = index.and_then(|index| tally.held.get(&index));
        let pod = pod(job, index, last.map(|last| &**last));
        match context.client.create(&PODS, job.namespace(), pod).await {
            Ok(pod) => {
                context
                    .events
                    .normal(job, "SuccessfulCreate", &format!("Created pod: {}", pod.name()))
                    .await
            }
            Err(error) => {
                context
                    .events
                    .warning(job, "FailedCreate", &format!("Error creating: {error}"))
                    .await;
                return Err(error);
            }
        }
        tally.active += 1;
    }
    Ok(pause)
}

fn wanted(job: &Object, tally: &Tally) -> i64 {
    let parallelism = job.number_at("/spec/parallelism").unwrap_or(1);
    match job.number_at("/spec/completions") {
        _ if job.flag_at("/spec/suspend") => 0,
        Some(completions) => (completions - tally.succeeded).clamp(0, parallelism),
        // A work queue: once one pod has succeeded, none is added.
        None if tally.succeeded > 0 => tally.active.min(parallelism),
        None => parallelism,
    }
}

/// The indexes of the pods to make; none each for a job without indexes.
fn next_indexes(job: &Object, all: &[Arc<Object>], tally: &Tally, missing: i64) -> Vec<Option<i64>> {
    let missing = usize::try_from(missing).unwrap_or(0);
    if tally.completed.is_none() {
        return vec![None; missing];
    }
    let waits = only_ended(job);
    let occupied = |pod: &&Arc<Object>| pods::is_active(pod) || (waits && !pods::is_ended(*pod));
    let occupied: BTreeSet<i64> = all.iter().filter(occupied).filter_map(|pod| indexes::of(pod)).collect();
    let free = (0..job.int_at("/spec/completions")).filter(|index| !tally.is_settled(*index) && !occupied.contains(index));
    free.take(missing).map(Some).collect()
}

/// Those indexes whose pause is over; if there are none, the time until the first is.
fn due(indexes: Vec<Option<i64>>, tally: &Tally, now: Timestamp) -> (Vec<Option<i64>>, Option<Duration>) {
    let pause = |index: &Option<i64>| index.and_then(|index| per_index::pause(tally.held.get(&index)?, now));
    let shortest = indexes.iter().filter_map(pause).min();
    let due: Vec<Option<i64>> = indexes.into_iter().filter(|index| pause(index).is_none()).collect();
    (due, shortest)
}

fn pod(job: &Object, index: Option<i64>, last: Option<&Object>) -> Value {
    let mut pod = pods::from_template(job.at("/spec/template"), job);
    let finalizers = pod["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    pod["metadata"]["finalizers"] = finalizers.into_iter().chain([TRACKING.into()]).collect();
    let Some(index) = index else { return pod };
    entry(&mut pod["metadata"], "labels")[INDEX] = index.to_string().into();
    let annotations = entry(&mut pod["metadata"], "annotations");
    annotations[INDEX] = index.to_string().into();
    per_index::note(job, last, annotations);
    let name = format!("{}-{index}", job.name());
    pod["metadata"]["generateName"] = format!("{name}-").into();
    pod["spec"]["hostname"] = name.into();
    let path = format!("metadata.labels['{INDEX}']");
    let variable = json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": {"fieldPath": path}}});
    for list in ["initContainers", "containers"] {
        for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
            let mut variables = container["env"].as_array().cloned().unwrap_or_default();
            if !variables.iter().any(|v| v["name"] == variable["name"]) {
                variables.push(variable.clone());
                container["env"] = variables.into();
            }
        }
    }
    if let Some(spec) = pod["spec"].as_object_mut() {
        spec.retain(|_, value| !value.is_null());
    }
    pod
}

/// Deletes the pods of a job that has ended; how many there were.
pub(super) async fn delete_active(context: &Context, all: &[Arc<Object>]) -> Result<i64, Status> {
    let mut deleted = 0;
    for pod in all.iter().filter(|pod| pods::is_active(pod)) {
        delete(context, pod).await?;
        deleted += 1;
    }
    Ok(deleted)
}

async fn delete(context: &Context, pod: &Object) -> Result<(), Status> {
    match context
        .client
        .delete(&PODS, pod.namespace(), pod.name(), &DeleteOptions::of_uid(pod.uid()))
        .await
    {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Takes the finalizer from a pod.
pub(super) async fn release(context: &Context, pod: &Object) -> Result<(), Status> {
    if !is_tracked(pod) {
        return Ok(());
    }
    let kept: Vec<&str> = pod.finalizers().filter(|finalizer| *finalizer != TRACKING).collect();
    let patch = Patch::Merge(json!({"metadata": {"finalizers": kept, "uid": pod.uid()}}));
    match context.client.patch(&PODS, pod.namespace(), pod.name(), None, patch).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Takes the finalizer from all pods of a job that is gone, going or finished.
pub(super) async fn let_go(context: &Context, job: &Key) -> Result<(), Status> {
    let known = context.cache.get(&JOBS, job);
    let of_job = |pod: &Object| {
        let owner = pod.controller().filter(|owner| owner.kind == "Job" && owner.name == job.name);
        owner.is_some_and(|owner| known.as_ref().is_none_or(|known| known.uid() == owner.uid))
    };
    let finished = known
        .as_ref()
        .is_some_and(|job| is_finished(job) && job.deletion_timestamp().is_none());
    let candidates = match &known {
        Some(known) => context.cache.controlled(&PODS, known.uid()),
        None => context.cache.in_namespace(&PODS, &job.namespace),
    };
    for pod in candidates {
        let counted = pods::is_ended(&pod) || pod.deletion_timestamp().is_some();
        if is_tracked(&pod) && of_job(&pod) && (!finished || counted) {
            release(context, &pod).await?;
        }
    }
    Ok(())
}
