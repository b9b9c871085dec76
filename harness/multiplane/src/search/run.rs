//! One history, from its beginning to what did not hold.

use std::time::Duration;

use serde::Serialize;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, timeout};

use super::drive::{Drive, Happened};
use super::history::History;
use super::judge::{Invariant, Violation, judge};
use super::world::{World, WorldError};

/// How long after everything is mended the last must have ended: longer than any back-off and any resync.
const SETTLED: Duration = Duration::from_secs(15 * 60);
/// Pause between two looks.
const LOOK: Duration = Duration::from_secs(20);
/// No history takes longer.
const LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// A history that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// What did not hold; empty if all did.
    pub violations: Vec<Violation>,
    /// What happened.
    pub trace: Vec<Happened>,
}

impl Ran {
    /// Whether an invariant is broken.
    #[must_use]
    pub fn breaks(&self, invariant: Invariant) -> bool {
        self.violations.iter().any(|violation| violation.invariant == invariant)
    }
}

/// Lets a history happen, in virtual time on this thread. The same history happens the same way every time.
///
/// # Errors
/// If the world cannot be brought up, or stops serving although nothing is broken.
pub fn run(history: &History) -> Result<Ran, WorldError> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| WorldError(error.to_string()))?;
    let work = std::panic::AssertUnwindSafe(|| runtime.block_on(async { timeout(LIMIT, happen(history)).await }));
    let ended = std::panic::catch_unwind(work).map_err(|_| WorldError("the harness panicked".to_owned()))?;
    ended.map_err(|_| WorldError(format!("it does not end within {} h", LIMIT.as_secs() / 3600)))?
}

async fn happen(history: &History) -> Result<Ran, WorldError> {
    let world = World::start(history.seed, history.planes, history.upstream).await?;
    let drive = Drive::new(&world, history);
    drive.run().await?;
    drive.note("everything is mended");
    let deadline = Instant::now() + SETTLED;
    let violations = loop {
        let late = Instant::now() >= deadline;
        match judge(&world, &drive).await {
            Ok(violations) if violations.is_empty() || late => break violations,
            Err(error) if late => return Err(error),
            _ => sleep(LOOK).await,
        }
    };
    for violation in &violations {
        drive.note(format!("does not hold: {}: {}", violation.invariant, violation.seen));
    }
    Ok(Ran {
        violations,
        trace: drive.trace(),
    })
}
