//! Many histories side by side.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::history::{History, Planes};
use super::judge::Violation;
use super::run::{Ran, run};
use super::world::WorldError;
use crate::stopwatch::Stopwatch;

/// Which histories, and how many.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The first history's seed; the next have the next numbers.
    pub seed: u64,
    /// How many; without a number until the time is over.
    pub histories: Option<u64>,
    /// How long, in real time.
    pub time: Option<Duration>,
    /// How many data planes.
    pub planes: Planes,
    /// Whether flyteadmin's switches are off.
    pub upstream: bool,
    /// Histories at the same time.
    pub jobs: NonZeroUsize,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// How many histories happened.
    pub histories: u64,
    /// Their data planes, all together.
    pub planes: u64,
    /// Their time in the world, in seconds of the last thing that happened.
    pub seconds: u64,
    /// Milliseconds of real time.
    pub millis: u64,
    /// Histories that broke something, by seed.
    pub broken: Vec<Broken>,
    /// Histories that could not be judged, by seed: faults of the harness.
    pub failed: Vec<(u64, String)>,
}

/// A history that broke something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// The history.
    pub history: History,
    /// What did not hold.
    pub violations: Vec<Violation>,
}

/// Runs histories until the limits, or until `stop`; `each` hears of every one, in the order in which they end.
pub fn search(limits: &Limits, stop: &CancellationToken, each: &(dyn Fn(&History, &Result<Ran, WorldError>) + Sync)) -> Found {
    let watch = Stopwatch::start();
    let next = AtomicU64::new(0);
    let found = Mutex::new(Found::default());
    let over = || {
        let late = limits.time.is_some_and(|time| u128::from(watch.read().0) >= time.as_millis());
        late || stop.is_cancelled()
    };
    std::thread::scope(|scope| {
        for _ in 0..limits.jobs.get() {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if over() || limits.histories.is_some_and(|most| index >= most) {
                        break;
                    }
                    let history = History::draw(limits.seed.wrapping_add(index), limits.planes, limits.upstream);
                    let ran = run(&history);
                    each(&history, &ran);
                    found.lock().unwrap_or_else(PoisonError::into_inner).add(history, ran);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.broken.sort_by_key(|broken| broken.history.seed);
    found.failed.sort();
    found.millis = watch.read().0;
    found
}

impl Found {
    fn add(&mut self, history: History, ran: Result<Ran, WorldError>) {
        self.histories += 1;
        self.planes += history.planes as u64;
        match ran {
            Err(error) => self.failed.push((history.seed, error.to_string())),
            Ok(ran) => {
                self.seconds += ran.trace.last().map_or(0, |last| last.at / 1000);
                if !ran.violations.is_empty() {
                    let violations = ran.violations;
                    self.broken.push(Broken { history, violations });
                }
            }
        }
    }
}
