//! The steps of a rollout. Each reconciliation does one, reports, and goes on when the replica
//! sets' status changes.

use std::sync::Arc;

use crate::value::Value;

use super::history;
use super::progress;
use super::rolling::{self, Limits, Set};
use super::sets::{self, DESIRED, MOST, Sets};
use crate::controllers::fields::{Fields, entry};
use crate::controllers::pods;
use crate::controllers::resources::{PODS, REPLICA_SETS};
use crate::controllers::runtime::{Context, Outcome};
use crate::object::Object;
use crate::status::Status;

/// `RollingUpdate`: the new set up as far as the surge allows, the old ones down as far as
/// availability allows.
pub(super) async fn roll(context: &Context, deployment: Arc<Object>, all: Vec<Arc<Object>>) -> Outcome {
    let (deployment, mut sets) = sets::sync(context, deployment, all, true).await?;
    let limits = Limits::of(&deployment);
    let total = sets.sum("/spec/replicas");
    let mut changed = false;
    if let Some(new) = sets.new.clone() {
        let size = rolling::new_set_size(&limits, new.int_at("/spec/replicas"), total);
        let scaled = scale(context, &deployment, &new, size).await?;
        changed = size != new.int_at("/spec/replicas");
        if !changed {
            let numbers = |set: &Arc<Object>| Set {
                replicas: set.int_at("/spec/replicas"),
                available: set.int_at("/status/availableReplicas"),
            };
            let old: Vec<Set> = sets.old.iter().map(numbers).collect();
            let sizes = rolling::old_set_sizes(&limits, &old, &numbers(&new));
            changed = scale_old(context, &deployment, &mut sets, &sizes).await?;
        }
        sets.new = Some(scaled);
    }
    finish(context, &deployment, &sets, changed).await
}

/// `Recreate`: all old pods gone before the first new one.
pub(super) async fn recreate(context: &Context, deployment: Arc<Object>, all: Vec<Arc<Object>>) -> Outcome {
    let (deployment, mut sets) = sets::sync(context, deployment, all.clone(), false).await?;
    let nothing = vec![0; sets.old.len()];
    if scale_old(context, &deployment, &mut sets, &nothing).await? || old_pods_run(context, &sets) {
        return finish(context, &deployment, &sets, true).await;
    }
    let all = sets.all().cloned().collect();
    let (deployment, mut sets) = sets::sync(context, deployment, all, true).await?;
    if let Some(new) = sets.new.take() {
        sets.new = Some(scale(context, &deployment, &new, deployment.int_at("/spec/replicas")).await?);
    }
    finish(context, &deployment, &sets, false).await
}

fn old_pods_run(context: &Context, sets: &Sets) -> bool {
    let mut pods = sets.old.iter().flat_map(|set| context.cache.controlled(&PODS, set.uid()));
    pods.any(|pod| !pods::is_ended(&pod))
}

async fn finish(context: &Context, deployment: &Arc<Object>, sets: &Sets, changed: bool) -> Outcome {
    if !changed && progress::is_complete(deployment, &progress::count(deployment, sets)) {
        history::clean_up(context, deployment, &sets.old).await?;
    }
    progress::report(context, deployment, sets).await
}

/// Paused, or scaled while rolling: no progress towards the new template, only sizes.
pub(super) async fn scale_only(context: &Context, deployment: Arc<Object>, all: Vec<Arc<Object>>) -> Outcome {
    let (deployment, mut sets) = sets::sync(context, deployment, all, false).await?;
    resize(context, &deployment, &mut sets).await?;
    if deployment.flag_at("/spec/paused") {
        history::clean_up(context, &deployment, &sets.old).await?;
    }
    progress::report_counts(context, &deployment, &sets).await?;
    Ok(None)
}

async fn resize(context: &Context, deployment: &Arc<Object>, sets: &mut Sets) -> Result<(), Status> {
    let limits = Limits::of(deployment);
    let active: Vec<Arc<Object>> = sets.all().filter(|set| set.int_at("/spec/replicas") > 0).cloned().collect();
    let only = match active.as_slice() {
        [] => sets.new.clone().or_else(|| sets.old.last().cloned()),
        [one] => Some(one.clone()),
        _ => None,
    };
    if let Some(only) = only {
        let scaled = scale(context, deployment, &only, limits.replicas).await?;
        replace(sets, scaled);
        return Ok(());
    }
    if sets.new.as_ref().is_some_and(|new| is_saturated(new, limits.replicas)) {
        let nothing = vec![0; sets.old.len()];
        scale_old(context, deployment, sets, &nothing).await?;
        return Ok(());
    }
    if !limits.rolling {
        return Ok(());
    }
    let growing = limits.most() > active.iter().map(|set| set.int_at("/spec/replicas")).sum::<i64>();
    let ordered = by_size(active, growing);
    let before = |set: &Object| sets::number(set, MOST).unwrap_or_else(|| deployment.int_at("/status/replicas"));
    let numbers: Vec<(i64, i64)> = ordered.iter().map(|set| (set.int_at("/spec/replicas"), before(set))).collect();
    for (set, size) in ordered.iter().zip(rolling::proportional(&limits, &numbers)) {
        let scaled = scale(context, deployment, set, size).await?;
        replace(sets, scaled);
    }
    Ok(())
}

/// Largest first; among equals the younger one when growing, the older one when shrinking.
fn by_size(mut sets: Vec<Arc<Object>>, growing: bool) -> Vec<Arc<Object>> {
    sets.sort_by(|a, b| {
        let age = a.creation_timestamp().cmp(b.creation_timestamp());
        let age = if growing { age.reverse() } else { age };
        b.int_at("/spec/replicas")
            .cmp(&a.int_at("/spec/replicas"))
            .then(age)
            .then(a.name().cmp(b.name()))
    });
    sets
}

fn is_saturated(set: &Object, replicas: i64) -> bool {
    let has = |number: Option<i64>| number == Some(replicas);
    has(set.number_at("/spec/replicas")) && has(sets::number(set, DESIRED)) && set.int_at("/status/availableReplicas") == replicas
}

fn replace(sets: &mut Sets, changed: Arc<Object>) {
    let same = |set: &Arc<Object>| set.uid() == changed.uid();
    if sets.new.as_ref().is_some_and(same) {
        sets.new = Some(changed);
    } else if let Some(set) = sets.old.iter_mut().find(|set| same(set)) {
        *set = changed;
    }
}

async fn scale_old(context: &Context, deployment: &Arc<Object>, sets: &mut Sets, sizes: &[i64]) -> Result<bool, Status> {
    let mut changed = false;
    for (set, size) in sets.old.iter_mut().zip(sizes) {
        if set.int_at("/spec/replicas") != *size {
            *set = scale(context, deployment, set, *size).await?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Gives a set its size, and notes for which size of the deployment that was right.
async fn scale(context: &Context, deployment: &Arc<Object>, set: &Arc<Object>, size: i64) -> Result<Arc<Object>, Status> {
    let limits = Limits::of(deployment);
    let before = set.int_at("/spec/replicas");
    let mut value = set.value().clone();
    value["spec"]["replicas"] = size.into();
    let annotations: &mut Value = entry(&mut value["metadata"], "annotations");
    annotations[DESIRED] = limits.replicas.to_string().into();
    annotations[MOST] = limits.most().to_string().into();
    if value == *set.value() {
        return Ok(set.clone());
    }
    let scaled = context.client.update(&REPLICA_SETS, value).await?;
    if size != before {
        let way = if size > before { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {before} to {size}", set.name());
        context.events.normal(deployment, "ScalingReplicaSet", &message).await;
    }
    Ok(scaled)
}
