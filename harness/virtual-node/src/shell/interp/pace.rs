//! What a round of a loop costs.

use std::time::Duration;

use simnet::Clock;

/// So many rounds cost a millisecond together.
const CHEAP: u32 = 64;
/// Where time is simulated, each round costs a millisecond more with every so many of them.
const DEARER: u32 = 4096;
/// What a round costs at most, in milliseconds.
const MOST: u32 = 1000;
const MILLISECOND: Duration = Duration::from_millis(1);

/// Loops take a little time, so that others come to work and virtual time goes on, however busily a script waits.
///
/// In simulated time, which costs nothing, rounds become dearer the more there have been: an endless loop must not make of an hour a
/// long time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    rounds: u32,
}

impl Pace {
    /// One round.
    pub(crate) async fn round(&mut self, clock: &Clock) {
        self.rounds = self.rounds.saturating_add(1);
        let cost = match self.rounds / DEARER {
            dearer @ 1.. if clock.is_simulated() => MILLISECOND * dearer.min(MOST),
            _ if self.rounds.is_multiple_of(CHEAP) => MILLISECOND,
            _ => return tokio::task::yield_now().await,
        };
        tokio::time::sleep(cost).await;
    }
}
