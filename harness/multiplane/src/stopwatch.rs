//! The machine's own time: what something took, and when it was. For records; nothing follows from it.

use jiff::Timestamp;
use tokio::time::Instant;

/// The machine's time, also inside of a runtime whose clock is paused.
#[expect(
    clippy::disallowed_methods,
    reason = "a journal says when it was written; a world's own clock does not know"
)]
pub(crate) fn wall() -> Timestamp {
    Timestamp::now()
}

/// Runs from its start on both clocks: the machine's, and the world's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    real: std::time::Instant,
    world: Instant,
}

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "real time is what is measured; nothing follows from it")]
    pub(crate) fn start() -> Self {
        Self {
            real: std::time::Instant::now(),
            world: Instant::now(),
        }
    }

    /// Milliseconds of real time and of the world's time since the start.
    pub(crate) fn read(&self) -> (u64, u64) {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        (millis(self.real.elapsed()), millis(self.world.elapsed()))
    }
}
