//! `fault` and `heal`: a fault is made, seen to bite, and mended.

mod authority;
mod clock;
mod crash;
mod credential;
mod later;
mod namespace;
mod node;
mod permission;
mod requests;
mod traffic;
mod workload;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use scenario::verb::{Fault, Heal, Match, Verdict};
use tokio::sync::Mutex;

use super::failure::Failure;
use crate::backend::BackendError;
use crate::backend::faults::{InForce, Undo};
use crate::journal::{Emitter, Event, Level};
use crate::run::context::Context;
use crate::run::names::Clusters;

/// The faults that are in force. They outlive the steps, so that an aborted scenario is mended as well.
#[derive(Clone, Default)]
pub(crate) struct FaultsInForce {
    /// By id.
    made: Arc<Mutex<BTreeMap<String, Made>>>,
    /// What they are mended on: it outlives the steps, too.
    clusters: Arc<OnceLock<Clusters>>,
}

/// A fault that was made.
struct Made {
    matches: Match,
    in_force: InForce,
}

impl FaultsInForce {
    /// Keeps the clusters for as long as this is there.
    pub(crate) fn hold_clusters(&self, clusters: &Clusters) {
        self.clusters.get_or_init(|| clusters.clone());
    }

    /// Mends all that is left at the end of a scenario.
    /// Tells which of them never bit.
    pub(crate) async fn heal_all(&self, emitter: &Emitter) -> Vec<String> {
        let mut never = Vec::new();
        for (id, made) in std::mem::take(&mut *self.made.lock().await) {
            match made.in_force.heal().await {
                Ok(_) => {
                    over(emitter, &id);
                    emitter.note(Level::Info, format!("fault {id}: mended at the end of the scenario"));
                }
                Err(BackendError::NeverBit(why)) => {
                    emitter.note(Level::Warning, format!("fault {id}: mended at the end of the scenario, but {why}"));
                    never.push(id);
                }
                Err(error) => emitter.note(Level::Warning, format!("fault {id}: not mended: {error}")),
            }
        }
        never
    }
}

/// Knows how a fault is undone, before it is made: so an end in between finds it.
async fn hold(context: &Context<'_>, step: &Fault, undo: Undo) {
    insert(context, step, InForce::Undo(undo)).await;
}

/// Knows a fault that is made, or about to be: from now on it may bite.
async fn insert(context: &Context<'_>, step: &Fault, in_force: InForce) {
    keep(context, step, in_force, &mut *context.faults.made.lock().await);
}

/// As [`insert`], by who holds the faults.
fn keep(context: &Context<'_>, step: &Fault, in_force: InForce, faults: &mut BTreeMap<String, Made>) {
    context.emitter.emit(Event::FaultMade {
        fault: step.id.value.clone(),
        title: step.to_string(),
        clusters: step.matches.clusters().map(|cluster| cluster.value.clone()).collect(),
    });
    let made = Made {
        matches: step.matches.clone(),
        in_force,
    };
    faults.insert(step.id.value.clone(), made);
}

/// Runs a `fault` step.
pub(crate) async fn fault(context: &Context<'_>, step: &Fault) -> Result<(), Failure> {
    make(context, step).await?;
    if matches!(step.verdict, Verdict::Kill | Verdict::EndWatches) {
        // It happens once, and is over.
        over(&context.emitter, &step.id.value);
    }
    Ok(())
}

/// Tells that a fault is in force no more.
fn over(emitter: &Emitter, fault: &str) {
    emitter.emit(Event::FaultMended { fault: fault.to_owned() });
}

async fn make(context: &Context<'_>, step: &Fault) -> Result<(), Failure> {
    let matches = &step.matches;
    if let Some(credential) = &matches.credential {
        credential::spoil(context, step, credential).await
    } else if let Some(permission) = &matches.permission {
        permission::forbid(context, step, permission).await
    } else if let Some(namespace) = &matches.namespace {
        namespace::befall(context, step, namespace).await
    } else if let Some(workload) = &matches.workload {
        workload::kill(context, step, workload).await
    } else if let Some(cluster) = &matches.authority {
        authority::rotate(context, step, &cluster.value).await
    } else if let Some(cluster) = &matches.clock {
        clock::skew(context, step, &cluster.value).await
    } else if let Some(node) = &matches.node {
        node::lose(context, step, node).await
    } else if let Some(requests) = &matches.requests {
        requests::disturb(context, step, requests).await
    } else {
        traffic::cut(context, step).await
    }
}

/// Runs a `heal` step.
pub(crate) async fn heal(context: &Context<'_>, step: &Heal) -> Result<(), Failure> {
    let mut mended = Vec::new();
    for id in step.fault.iter() {
        let made = context.faults.made.lock().await.remove(&id.value);
        let made = made.ok_or_else(|| Failure::invalid("unknown-fault", format!("no fault {} is in force", id.value)))?;
        if let Some(how) = made.in_force.heal().await.map_err(backend)? {
            context.emitter.note(Level::Info, format!("mended: {how}"));
        }
        over(&context.emitter, &id.value);
        mended.push(made.matches);
    }
    let others = !context.faults.made.lock().await.is_empty();
    traffic::mended(context, &mended, others).await
}

/// Says how a fault was seen.
fn bites(context: &Context<'_>, what: &str) {
    context.emitter.note(Level::Info, format!("bites: {what}"));
}

/// There is nothing that a fault could befall.
fn on_nothing(what: impl Into<String>) -> Failure {
    Failure::environment("fault-on-nothing", what)
}

/// A fault was made, and nothing came of it.
fn without_effect(what: impl Into<String>) -> Failure {
    Failure::fault("fault-without-effect", what)
}

fn backend(error: BackendError) -> Failure {
    if let BackendError::NeverBit(why) = error {
        return Failure::expectation("fault-never-bit", why);
    }
    Failure::environment("fault", error.to_string())
}
