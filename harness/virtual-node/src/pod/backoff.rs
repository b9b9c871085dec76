//! Pauses between attempts: 10 s, doubled up to five minutes.

use std::time::Duration;

use tokio::time::Instant;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);

/// The pauses of one container, as a kubelet keeps them.
///
/// The first repetition comes at once; each one doubles the pause before the next. After a run of twice the longest pause
/// the count starts anew.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    last: Option<(Duration, Instant)>,
}

impl Backoff {
    /// The pause that must pass after an attempt that ended now; zero for none. Counts the repetition.
    pub(crate) fn next(&mut self, now: Instant) -> Duration {
        let pause = match self.last {
            Some((pause, since)) if now.duration_since(since) <= 2 * LONGEST => pause,
            _ => Duration::ZERO,
        };
        let following = if pause.is_zero() { FIRST } else { (2 * pause).min(LONGEST) };
        self.last = Some((following, now + pause));
        pause
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Backoff;

    #[test]
    fn pauses_double_and_start_anew_after_a_long_run() {
        let mut backoff = Backoff::default();
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let pause = backoff.next(now);
            pauses.push(pause.as_secs());
            now += pause + Duration::from_secs(1);
        }
        assert_eq!(pauses, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(backoff.next(now + Duration::from_secs(601)), Duration::ZERO);
    }
}
