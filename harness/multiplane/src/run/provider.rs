//! Which world a scenario runs in, and on which kind of runtime.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use super::plan::Plan;
use super::scenario::{Ran, run_scenario};
use crate::backend::outside::Outside;
use crate::backend::{Embedded, End, Ended, Time, World};
use crate::journal::{Journal, Level, Outcome};
use crate::local::Locals;
use flyte::stores::Stores;

/// Where the worlds of a run come from.
#[derive(Clone, Debug, Default)]
pub enum Provider {
    /// In this process; in virtual time, unless programs of this machine take part.
    #[default]
    Embedded,
    /// In this process, in real time, with programs of the user's own as processes.
    Local(Locals),
    /// Outside of this process, in real time.
    Outside(Arc<dyn Outside>),
}

/// How one scenario ended, and its world.
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    /// Why, unless it passed or was stopped.
    pub(super) message: Option<String>,
    /// What could not be removed.
    pub(super) left: Vec<String>,
}

impl Ending {
    pub(super) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            message: None,
            left: Vec::new(),
        }
    }

    fn because(outcome: Outcome, message: String) -> Self {
        Self {
            message: Some(message),
            ..Self::of(outcome)
        }
    }
}

/// Runs the run's scenario with this number.
pub(super) fn run(provider: &Provider, number: usize, plan: &Plan, journal: &Journal, stop: &CancellationToken) -> Ending {
    let time = time(plan);
    let Ok(runtime) = runtime(provider, time) else {
        return Ending::of(Outcome::Fault);
    };
    runtime.block_on(async {
        match provider {
            Provider::Embedded => match Embedded::new(time, plan.seed, &Stores::new()) {
                Ok(world) => {
                    let ran = AssertUnwindSafe(run_scenario(plan, &world, journal, stop)).catch_unwind();
                    ending(ran.await.ok(), Vec::new())
                }
                Err(error) => never_began(plan, journal, error.to_string()),
            },
            Provider::Local(locals) => match Embedded::with_locals(plan.seed, &Stores::new(), locals) {
                Ok(world) => outside(plan, &world, journal, stop).await,
                Err(error) => never_began(plan, journal, error.to_string()),
            },
            Provider::Outside(backend) => match backend.world(number, plan.seed) {
                Ok(world) => outside(plan, world.as_ref(), journal, stop).await,
                Err(error) => never_began(plan, journal, error.to_string()),
            },
        }
    })
}

/// There is no world for it.
fn never_began(plan: &Plan, journal: &Journal, message: String) -> Ending {
    journal
        .scenario(plan.name(), simnet::Clock::real())
        .note(Level::Warning, message.clone());
    Ending::because(Outcome::Environment, message)
}

/// How it ended; nothing is known of what panicked, but that the harness is at fault.
fn ending(ran: Option<Ran>, left: Vec<String>) -> Ending {
    let Some(Ran { outcome, message }) = ran else {
        return Ending {
            left,
            ..Ending::of(Outcome::Fault)
        };
    };
    Ending { outcome, message, left }
}

/// The time of embedded clusters: as soon as a program of this machine takes part, or a person, the machine's.
fn time(plan: &Plan) -> Time {
    if plan.loaded.scenario.needs_real_time() || plan.pause.is_some() {
        Time::Real
    } else {
        Time::Virtual
    }
}

fn runtime(provider: &Provider, time: Time) -> std::io::Result<Runtime> {
    match (provider, time) {
        // One thread and a paused clock: time runs by itself as soon as nothing is left to do, the same way every time.
        (Provider::Embedded, Time::Virtual) => Builder::new_current_thread().enable_time().start_paused(true).build(),
        _ => Builder::new_multi_thread().worker_threads(2).enable_all().build(),
    }
}

/// A scenario in a world with something outside of this process, which is removed however the scenario ends.
async fn outside(plan: &Plan, world: &dyn World, journal: &Journal, stop: &CancellationToken) -> Ending {
    let (ran, left) = run_and_end(plan, world, journal, run_scenario(plan, world, journal, stop), |ran| {
        match ran.outcome {
            Outcome::Passed => End::Passed,
            Outcome::Interrupted => End::Interrupted,
            _ => End::Failed,
        }
    })
    .await;
    ending(ran, left)
}

/// Does some work in a world, and ends the world however the work ends. `None` if it panicked. Also tells what could not be removed.
pub(crate) async fn run_and_end<T>(
    plan: &Plan,
    world: &dyn World,
    journal: &Journal,
    work: impl Future<Output = T>,
    end: impl FnOnce(&T) -> End,
) -> (Option<T>, Vec<String>) {
    let done = AssertUnwindSafe(work).catch_unwind().await.ok();
    let end = done.as_ref().map_or(End::Failed, end);
    let emitter = journal.scenario(plan.name(), world.clock().clone());
    if end == End::Failed {
        // As long as the clusters are there: their logs may tell any of it.
        emitter.secrets().learn().await;
    }
    let Ended { mut notes, left, logs } = world.end(end).await;
    if let Some(Err(error)) = logs.map(|folder| emitter.secrets().clean_files(&folder)) {
        notes.push(format!("the logs may hold secrets, they could not be looked through: {error}"));
    }
    notes.into_iter().for_each(|note| emitter.note(Level::Info, note));
    left.iter().for_each(|left| emitter.note(Level::Warning, left.clone()));
    (done, left)
}
