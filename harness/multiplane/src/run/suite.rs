//! Many scenarios side by side.

use std::cmp::Reverse;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::partition::Partition;
use super::plan::{Plan, Skip};
use super::provider::{Ending, Provider, run};
use super::transient::transient;
use crate::exit::Exit;
use crate::journal::{Event, Journal, Level, Outcome};

/// How a suite runs.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Where the worlds come from.
    pub provider: Provider,
    /// Scenarios that run at the same time.
    pub jobs: NonZeroUsize,
    /// How often a scenario is run again whose environment failed in a way that is known to pass.
    pub retries: usize,
    /// Ends the run early when cancelled.
    pub stop: CancellationToken,
    /// Which part of a larger suite the scenarios are; recorded, so that a merged report knows what is missing.
    pub partition: Option<Partition>,
}

impl Suite {
    /// One scenario after the other on embedded clusters, until `stop`.
    pub fn embedded(stop: CancellationToken) -> Self {
        Self {
            provider: Provider::Embedded,
            jobs: NonZeroUsize::MIN,
            retries: 0,
            stop,
            partition: None,
        }
    }
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
    journal.begin(plans.len(), suite.partition);
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
                    let Ending { outcome, left, .. } = attempts(suite, index, &plans[index], journal);
                    let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
                    finished.outcomes[index] = outcome;
                    finished.left.extend(left);
                }
            });
        }
    });
    finished.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a scenario; again, if its environment failed in a way that is known to pass.
fn attempts(suite: &Suite, index: usize, plan: &Plan, journal: &Journal) -> Ending {
    if let Some(skip) = &plan.skip {
        return left_out(plan, skip, journal);
    }
    let mut plan = plan.clone();
    let mut left = Vec::new();
    loop {
        if suite.stop.is_cancelled() {
            return Ending {
                left,
                ..Ending::of(Outcome::Interrupted)
            };
        }
        let mut ending = run(&suite.provider, index, &plan, journal, &suite.stop);
        left.append(&mut ending.left);
        let message = ending.message.as_deref().filter(|_| ending.outcome == Outcome::Environment);
        match message.and_then(transient) {
            Some(code) if plan.attempt <= suite.retries => {
                let again = format!(
                    "[{code}] passes by itself at times: attempt {} of {}",
                    plan.attempt + 1,
                    suite.retries + 1
                );
                journal.scenario(plan.name(), simnet::Clock::real()).note(Level::Warning, again);
                rest(plan.attempt, &suite.stop);
                plan.attempt += 1;
            }
            _ => return Ending { left, ..ending },
        }
    }
}

/// Tells of a scenario that is left out.
fn left_out(plan: &Plan, skip: &Skip, journal: &Journal) -> Ending {
    let emitter = journal.scenario(plan.name(), simnet::Clock::real());
    emitter.emit(plan.started(&skip.backend));
    emitter.note(Level::Info, skip.why.as_str());
    emitter.emit(Event::ScenarioFinished {
        outcome: Outcome::Skipped,
        millis: 0,
        virtual_millis: 0,
    });
    Ending::of(Outcome::Skipped)
}

/// The exit code for how scenarios ended: the lowest that is not 0.
pub fn exit(outcomes: &[Outcome]) -> Exit {
    let codes = outcomes.iter().map(|outcome| match outcome {
        Outcome::Passed | Outcome::Quarantined | Outcome::Skipped => Exit::Passed,
        Outcome::Failed => Exit::Failed,
        Outcome::Invalid => Exit::Invalid,
        Outcome::Environment => Exit::Environment,
        Outcome::Fault => Exit::Fault,
        Outcome::Interrupted => Exit::Interrupted,
    });
    codes.filter(|code| *code != Exit::Passed).min().unwrap_or(Exit::Passed)
}

/// What passes by itself takes a while: one second before the second attempt, twice as long before each further one, half a minute at most.
fn rest(attempt: usize, stop: &CancellationToken) {
    const LONGEST: Duration = Duration::from_secs(30);
    let exponent = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    let pause = Duration::from_secs(2_u64.saturating_pow(exponent)).min(LONGEST);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    if let Ok(runtime) = runtime {
        // Told to stop or not, it is over.
        let _ = runtime.block_on(async { tokio::time::timeout(pause, stop.cancelled()).await });
    }
}
