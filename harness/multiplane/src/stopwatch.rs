//! Real and virtual time that something took.

use tokio::time::Instant;

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
