//! Faults of traffic between clusters, and of whole machines.

use std::time::Duration;

use scenario::verb::{Fault, Match, Verdict};

use super::{backend, bites, keep, on_nothing, without_effect};
use crate::backend::faults::{Way, on_machine, on_network, ways};
use crate::journal::Level;
use crate::report::duration;
use crate::run::context::Context;
use crate::run::step::failure::Failure;
use crate::run::step::reach::connect;

/// Makes a fault of traffic, and connects over every way that it befalls.
pub(super) async fn cut(context: &Context<'_>, step: &Fault) -> Result<(), Failure> {
    let ways = ways(&step.matches, context.scenario().clusters.keys().map(String::as_str));
    for way in &ways {
        let before = connect(context, *way, Duration::ZERO).await;
        before.map_err(|why| on_nothing(format!("{} does not reach {} without the fault: {why}", way.from, way.to)))?;
    }
    // Held from before the fault is made until it is known, so that an end in between finds it.
    let mut faults = context.faults.made.lock().await;
    let in_force = match (context.world.links(), &step.matches.cluster) {
        (Some(network), _) => on_network(network, step.verdict, &ways).map_err(|why| Failure::invalid("fault", why))?,
        (None, Some(cluster)) => on_machine(context.cluster(&cluster.value)?.clone(), step.verdict)
            .await
            .map_err(backend)?,
        (None, None) => return Err(Failure::invalid("fault", "this backend makes faults of whole clusters only")),
    };
    keep(context, step, in_force, &mut faults);
    drop(faults);
    let late = match step.verdict {
        Verdict::Delay(by) => by.get(),
        _ => Duration::ZERO,
    };
    // Nobody can look from a machine that stands still.
    let still = |way: &&Way<'_>| step.verdict == Verdict::Pause && step.matches.cluster.as_ref().is_some_and(|id| id.value == way.from);
    for way in ways.iter().filter(|way| !still(way)) {
        let bite = bite(step.verdict, connect(context, *way, late).await);
        let bite = bite.map_err(|what| without_effect(format!("{} -> {}: {what}", way.from, way.to)))?;
        bites(context, &format!("{} -> {}: {bite}", way.from, way.to));
    }
    if let Verdict::Flap(flap) = step.verdict {
        // A moment more, so that it is certain which comes first.
        tokio::time::sleep(flap.down.get() + Duration::from_millis(10)).await;
        for way in &ways {
            let through = connect(context, *way, Duration::ZERO).await;
            let took = through.map_err(|why| without_effect(format!("{} -> {} does not come back: {why}", way.from, way.to)))?;
            bites(
                context,
                &format!("{} -> {}: connected again, in {}", way.from, way.to, duration(took)),
            );
        }
    }
    Ok(())
}

/// Connects over the ways of faults that were mended; `others` may be in force still.
pub(super) async fn mended(context: &Context<'_>, mended: &[Match], others: bool) -> Result<(), Failure> {
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
fn bite(verdict: Verdict, seen: Result<Duration, String>) -> Result<String, String> {
    match (verdict, seen) {
        (Verdict::Delay(by), Ok(took)) if took >= by.get() => Ok(format!("connected in {}", duration(took))),
        (Verdict::Delay(by), Ok(took)) => Err(format!("connected in {}, not late by {by}", duration(took))),
        (Verdict::Delay(_), Err(why)) => Err(format!("late, but not to be cut off: {why}")),
        (_, Ok(took)) => Err(format!("connected all the same, in {}", duration(took))),
        (_, Err(why)) => Ok(why),
    }
}
