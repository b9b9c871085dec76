//! Many scenarios side by side.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use tokio_util::sync::CancellationToken;

use super::partition::Partition;
use super::plan::Plan;
use super::scenario::run_scenario;
use crate::backend::{Embedded, Time};
use crate::exit::Exit;
use crate::journal::{Event, Journal, Outcome};
use crate::programs::programs;

/// How a suite runs.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Scenarios that run at the same time.
    pub jobs: NonZeroUsize,
    /// Ends the run early when cancelled.
    pub stop: CancellationToken,
    /// Which part of a larger suite the scenarios are; recorded, so that a merged report knows what is missing.
    pub partition: Option<Partition>,
}

/// Runs scenarios on embedded clusters in virtual time, each on a thread of its own, and returns how they ended, in the order of `plans`.
pub fn suite(plans: &[Plan], suite: &Suite, journal: &Journal) -> Vec<Outcome> {
    journal.emit(Event::RunStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenarios: plans.len(),
        partition: suite.partition,
    });
    let next = Mutex::new(0..plans.len());
    let outcomes = Mutex::new(vec![Outcome::Interrupted; plans.len()]);
    thread::scope(|scope| {
        for _ in 0..suite.jobs.get().min(plans.len()) {
            scope.spawn(|| {
                loop {
                    let Some(index) = next.lock().unwrap_or_else(PoisonError::into_inner).next() else {
                        break;
                    };
                    let outcome = one(&plans[index], suite, journal);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = outcome;
                }
            });
        }
    });
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn one(plan: &Plan, suite: &Suite, journal: &Journal) -> Outcome {
    if suite.stop.is_cancelled() {
        return Outcome::Interrupted;
    }
    // One thread and a paused clock: time runs by itself as soon as nothing is left to do, the same way every time.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let Ok(runtime) = runtime else { return Outcome::Fault };
    runtime.block_on(async {
        match Embedded::new(Time::Virtual, plan.seed, programs()) {
            Ok(world) => run_scenario(plan, &world, journal, &suite.stop).await,
            Err(_) => Outcome::Environment,
        }
    })
}

/// The exit code for how scenarios ended: the lowest that is not 0.
pub fn exit(outcomes: &[Outcome]) -> Exit {
    let codes = outcomes.iter().map(|outcome| match outcome {
        Outcome::Passed => Exit::Passed,
        Outcome::Failed => Exit::Failed,
        Outcome::Invalid => Exit::Invalid,
        Outcome::Environment => Exit::Environment,
        Outcome::Fault => Exit::Fault,
        Outcome::Interrupted => Exit::Interrupted,
    });
    codes.filter(|code| *code != Exit::Passed).min().unwrap_or(Exit::Passed)
}
