//! `fault` and `heal`: a fault is made, seen to bite, and mended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use scenario::verb::{Fault, Heal, Match, Verdict};
use tokio::sync::Mutex;

use super::failure::Failure;
use super::reach::connect;
use crate::backend::BackendError;
use crate::backend::faults::{InForce, Way, on_machine, on_network, ways};
use crate::journal::{Emitter, Level};
use crate::report::duration;
use crate::run::context::Context;

/// The faults that are in force, by id. They outlive the steps, so that an aborted scenario is mended as well.
#[derive(Clone, Default)]
pub(crate) struct FaultsInForce(Arc<Mutex<BTreeMap<String, Made>>>);

/// A fault that was made.
struct Made {
    matches: Match,
    in_force: InForce,
}

impl FaultsInForce {
    /// Mends all that is left at the end of a scenario.
    pub(crate) async fn heal_all(&self, emitter: &Emitter) {
        for (id, made) in std::mem::take(&mut *self.0.lock().await) {
            match made.in_force.heal().await {
                Ok(()) => emitter.note(Level::Info, format!("fault {id}: mended at the end of the scenario")),
                Err(error) => emitter.note(Level::Warning, format!("fault {id}: not mended: {error}")),
            }
        }
    }
}

/// Runs a `fault` step.
pub(crate) async fn fault(context: &Context<'_>, step: &Fault) -> Result<(), Failure> {
    let ways = ways(&step.matches, context.scenario().clusters.keys().map(String::as_str));
    for way in &ways {
        let before = connect(context, *way, Duration::ZERO).await;
        before.map_err(|why| {
            Failure::environment(
                "fault-on-nothing",
                format!("{} does not reach {} without the fault: {why}", way.from, way.to),
            )
        })?;
    }
    // Held from before the fault is made until it is known, so that an end in between finds it.
    let mut faults = context.faults.0.lock().await;
    let in_force = match (context.world.links(), &step.matches.cluster) {
        (Some(network), _) => on_network(network, step.verdict, &ways).map_err(|why| Failure::invalid("fault", why))?,
        (None, Some(cluster)) => on_machine(context.cluster(&cluster.value)?.clone(), step.verdict)
            .await
            .map_err(backend)?,
        (None, None) => return Err(Failure::invalid("fault", "this backend makes faults of whole clusters only")),
    };
    let made = Made {
        matches: step.matches.clone(),
        in_force,
    };
    faults.insert(step.id.value.clone(), made);
    drop(faults);
    let late = match step.verdict {
        Verdict::Delay(by) => by.get(),
        _ => Duration::ZERO,
    };
    // Nobody can look from a machine that stands still.
    let still = |way: &&Way<'_>| step.verdict == Verdict::Pause && step.matches.cluster.as_ref().is_some_and(|id| id.value == way.from);
    for way in ways.iter().filter(|way| !still(way)) {
        let bite = bites(step.verdict, connect(context, *way, late).await);
        let bite = bite.map_err(|what| Failure::fault("fault-without-effect", format!("{} -> {}: {what}", way.from, way.to)))?;
        context
            .emitter
            .note(Level::Info, format!("bites: {} -> {}: {bite}", way.from, way.to));
    }
    Ok(())
}

/// Runs a `heal` step.
pub(crate) async fn heal(context: &Context<'_>, step: &Heal) -> Result<(), Failure> {
    let mut mended = Vec::new();
    for id in step.fault.iter() {
        let made = context.faults.0.lock().await.remove(&id.value);
        let made = made.ok_or_else(|| Failure::invalid("unknown-fault", format!("no fault {} is in force", id.value)))?;
        made.in_force.heal().await.map_err(backend)?;
        mended.push(made.matches);
    }
    let others = !context.faults.0.lock().await.is_empty();
    let clusters = || context.scenario().clusters.keys().map(String::as_str);
    for way in mended.iter().flat_map(|matches| ways(matches, clusters())) {
        let text = match connect(context, way, Duration::ZERO).await {
            Ok(took) => format!("mended: {} -> {}: connected in {}", way.from, way.to, duration(took)),
            // Another fault may still be on the same way.
            Err(why) if others => format!("{} -> {}, by another fault: {why}", way.from, way.to),
            Err(why) => return Err(Failure::fault("fault-not-mended", format!("{} -> {}: {why}", way.from, way.to))),
        };
        context.emitter.note(Level::Info, text);
    }
    Ok(())
}

/// What was seen of a fault, or what should have been.
fn bites(verdict: Verdict, seen: Result<Duration, String>) -> Result<String, String> {
    match (verdict, seen) {
        (Verdict::Delay(by), Ok(took)) if took >= by.get() => Ok(format!("connected in {}", duration(took))),
        (Verdict::Delay(by), Ok(took)) => Err(format!("connected in {}, not late by {by}", duration(took))),
        (Verdict::Delay(_), Err(why)) => Err(format!("late, but not to be cut off: {why}")),
        (_, Ok(took)) => Err(format!("connected all the same, in {}", duration(took))),
        (_, Err(why)) => Ok(why),
    }
}

fn backend(error: BackendError) -> Failure {
    Failure::environment("fault", error.to_string())
}
