//! Many scenarios side by side.

use std::cmp::Reverse;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use tokio_util::sync::CancellationToken;

use super::partition::Partition;
use super::plan::Plan;
use super::provider::{Ending, Provider, run};
use crate::exit::Exit;
use crate::journal::{Event, Journal, Outcome};

/// How a suite runs.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Where the worlds come from.
    pub provider: Provider,
    /// Scenarios that run at the same time.
    pub jobs: NonZeroUsize,
    /// Ends the run early when cancelled.
    pub stop: CancellationToken,
    /// Which part of a larger suite the scenarios are; recorded, so that a merged report knows what is missing.
    pub partition: Option<Partition>,
}

/// How a suite ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// How the scenarios ended, in the order of the plans.
    pub outcomes: Vec<Outcome>,
    /// What could not be removed outside of this process.
    pub left: Vec<String>,
}

/// Runs scenarios, each on a thread and a runtime of its own.
pub fn suite(plans: &[Plan], suite: &Suite, journal: &Journal) -> Finished {
    journal.emit(Event::RunStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenarios: plans.len(),
        partition: suite.partition,
    });
    // The heaviest first, so that no thread is left with one when the others have nothing more to do.
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by_key(|index| Reverse(plans[*index].weight()));
    let next = Mutex::new(order.into_iter());
    let finished = Mutex::new(Finished {
        outcomes: vec![Outcome::Interrupted; plans.len()],
        left: Vec::new(),
    });
    thread::scope(|scope| {
        for _ in 0..suite.jobs.get().min(plans.len()) {
            scope.spawn(|| {
                loop {
                    let Some(index) = next.lock().unwrap_or_else(PoisonError::into_inner).next() else {
                        break;
                    };
                    let Ending { outcome, left } = if suite.stop.is_cancelled() {
                        Ending::of(Outcome::Interrupted)
                    } else {
                        run(&suite.provider, index, &plans[index], journal, &suite.stop)
                    };
                    let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
                    finished.outcomes[index] = outcome;
                    finished.left.extend(left);
                }
            });
        }
    });
    finished.into_inner().unwrap_or_else(PoisonError::into_inner)
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
