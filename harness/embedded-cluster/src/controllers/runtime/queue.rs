//! A queue of keys to reconcile: each key waits at most once, failures wait longer each time.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::cache::Key;

/// First delay after a failure; doubled with each further one.
const FIRST_DELAY: Duration = Duration::from_millis(5);
/// The longest delay after failures.
const LONGEST_DELAY: Duration = Duration::from_secs(1000);

/// How long to wait after a failure, when so many came before it: twice as long each time, and not longer than `longest`.
pub(crate) fn backoff(failures: u32, longest: Duration) -> Duration {
    FIRST_DELAY.saturating_mul(1 << failures.min(20)).min(longest)
}

/// Keys of one controller.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    ready: VecDeque<Key>,
    waiting: HashSet<Key>,
    delayed: BTreeSet<(Instant, Key)>,
    due: HashMap<Key, Instant>,
    failures: HashMap<Key, u32>,
}

impl Queue {
    /// Appends a key, unless it waits already.
    pub(crate) fn add(&mut self, key: Key) {
        if self.waiting.insert(key.clone()) {
            self.ready.push_back(key);
        }
    }

    /// Adds a key at `at`, or earlier where it is due earlier.
    pub(crate) fn add_at(&mut self, key: Key, at: Instant) {
        if let Some(due) = self.due.get(&key) {
            if *due <= at {
                return;
            }
            self.delayed.remove(&(*due, key.clone()));
        }
        self.due.insert(key.clone(), at);
        self.delayed.insert((at, key));
    }

    /// Adds a key again after a failure, later with each failure in a row.
    pub(crate) fn retry(&mut self, key: Key, now: Instant) {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let delay = backoff(*failures, LONGEST_DELAY);
        *failures += 1;
        self.add_at(key, now + delay);
    }

    /// Forgets a key's failures after a success.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    /// Moves what is due by `now` to the ready keys.
    pub(crate) fn promote(&mut self, now: Instant) {
        while self.delayed.first().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, key)) = self.delayed.pop_first() {
                self.due.remove(&key);
                self.add(key);
            }
        }
    }

    /// When the next delayed key is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.delayed.first().map(|(due, _)| *due)
    }

    /// The next key to reconcile.
    pub(crate) fn pop(&mut self) -> Option<Key> {
        let key = self.ready.pop_front()?;
        self.waiting.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("ns", name)
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_waits_once() {
        let mut queue = Queue::default();
        for name in ["a", "b", "a"] {
            queue.add(key(name));
        }
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(key("a")), Some(key("b")), None));
        queue.add(key("a"));
        assert_eq!(queue.pop(), Some(key("a")));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_double_the_delay_and_success_forgets_them() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        for expected in [5, 10, 20] {
            queue.retry(key("a"), now);
            assert_eq!(queue.next_due(), Some(now + Duration::from_millis(expected)));
            queue.promote(now + LONGEST_DELAY);
            assert_eq!(queue.pop(), Some(key("a")));
        }
        queue.forget(&key("a"));
        queue.retry(key("a"), now);
        assert_eq!(queue.next_due(), Some(now + FIRST_DELAY));
    }

    #[tokio::test(start_paused = true)]
    async fn the_earlier_delay_wins() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        queue.add_at(key("a"), at(9));
        queue.add_at(key("a"), at(3));
        queue.add_at(key("a"), at(5));
        assert_eq!(queue.next_due(), Some(at(3)));
        queue.promote(at(3));
        assert_eq!((queue.pop(), queue.next_due()), (Some(key("a")), None));
    }
}
