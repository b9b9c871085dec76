//! The world's wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use tokio::time::Instant;

/// Wall-clock time that follows tokio's clock.
///
/// It stands at an epoch plus what tokio's clock has advanced since it was made. Under a paused runtime that is virtual time; otherwise it
/// runs as fast as real time does.
#[derive(Clone, Debug)]
pub struct Clock {
    epoch: Timestamp,
    start: Instant,
    simulated: bool,
    /// Milliseconds by which it is wrong. Clones are wrong together.
    skew: Arc<AtomicI64>,
}

/// Seconds between the Unix epoch and the start of every simulated world, 2026-01-01T00:00:00Z.
const SIMULATED_EPOCH: i64 = 1_767_225_600;

impl Clock {
    /// A clock for virtual time, the same at the start of every run: 2026-01-01T00:00:00Z.
    pub fn simulated() -> Self {
        let epoch = Timestamp::from_second(SIMULATED_EPOCH).unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            epoch,
            start: Instant::now(),
            simulated: true,
            skew: Arc::default(),
        }
    }

    /// A clock that starts at the machine's own time.
    #[expect(clippy::disallowed_methods, reason = "the one place where a world takes the machine's time")]
    pub fn real() -> Self {
        Self {
            epoch: Timestamp::now(),
            start: Instant::now(),
            simulated: false,
            skew: Arc::default(),
        }
    }

    /// The present wall-clock time.
    pub fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.start.elapsed()).unwrap_or(SignedDuration::MAX);
        let skew = SignedDuration::from_millis(self.skew.load(Ordering::Relaxed));
        self.epoch.checked_add(elapsed.saturating_add(skew)).unwrap_or(Timestamp::MAX)
    }

    /// Another clock that shows the same time, and can be made wrong without this one.
    #[must_use]
    pub fn separate(&self) -> Self {
        Self {
            skew: Arc::new(AtomicI64::new(self.skew.load(Ordering::Relaxed))),
            ..self.clone()
        }
    }

    /// Makes this clock and its clones wrong by as much: ahead, or behind if it is negative. Zero sets them right.
    pub fn set_skew(&self, by: SignedDuration) {
        self.skew
            .store(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Time since this clock was made.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Whether this clock belongs to a simulated world.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// How long to sleep until `when`; zero if that has passed.
    pub fn until(&self, when: Timestamp) -> Duration {
        Duration::try_from(when.duration_since(self.now())).unwrap_or(Duration::ZERO)
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.now().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_tokios_paused_clock() {
        let clock = Clock::simulated();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().to_string(), "2026-01-01T01:00:00Z");
        assert_eq!(clock.until(clock.now() + SignedDuration::from_secs(5)), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn is_wrong_by_itself() {
        let right = Clock::simulated();
        let wrong = right.separate();
        let clone = wrong.clone();
        wrong.set_skew(SignedDuration::from_mins(-90));
        assert_eq!(right.now().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(clone.now().to_string(), "2025-12-31T22:30:00Z");
        wrong.set_skew(SignedDuration::ZERO);
        assert_eq!(clone.now(), right.now());
    }
}
