//! What a step waits for, and saw last: told from time to time where time is real.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::journal::{Emitter, Level};
use crate::report::duration;

/// After this long a step is slow. The longer it has been slow, the less often it is told.
const SLOW: Duration = Duration::from_secs(10);
/// Waits that are told of at once.
const MOST: usize = 5;

/// What the waits of one step see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<Waits>>);

#[derive(Debug, Default)]
struct Waits {
    next: usize,
    seen: BTreeMap<usize, String>,
}

/// One wait; forgotten when it is dropped.
#[derive(Debug)]
pub(crate) struct Wait {
    progress: Progress,
    number: usize,
}

impl Progress {
    /// A wait begins.
    pub(crate) fn wait(&self) -> Wait {
        let mut waits = self.lock();
        waits.next += 1;
        Wait {
            progress: self.clone(),
            number: waits.next,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is waited for now, and was seen last.
    fn told(&self) -> Vec<String> {
        let waits = self.lock();
        let mut told: Vec<String> = waits.seen.values().take(MOST).cloned().collect();
        if waits.seen.len() > MOST {
            told.push(format!("and {} more", waits.seen.len() - MOST));
        }
        told
    }

    /// Does some work, and tells what it waits for when it is slow.
    pub(crate) async fn during<T>(&self, emitter: &Emitter, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        let start = Instant::now();
        let mut after = SLOW;
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = sleep_until(start + after) => {
                    let told = match self.told() {
                        told if told.is_empty() => "still at it".to_owned(),
                        told => format!("still waiting: {}", told.join("; ")),
                    };
                    emitter.note(Level::Info, format!("{}: {told}", duration(after)));
                    after *= 2;
                }
            }
        }
    }
}

impl Wait {
    /// What it sees now.
    pub(crate) fn sees(&self, text: String) {
        self.progress.lock().seen.insert(self.number, text);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.progress.lock().seen.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Event, Journal, Kept};

    #[tokio::test(start_paused = true)]
    async fn what_is_slow_is_told_less_and_less_often_with_what_was_seen_last() {
        let kept = Kept::default();
        let journal = Journal::new("r".to_owned(), None, vec![Box::new(kept.clone())]).unwrap();
        let progress = Progress::default();
        let work = async {
            let (first, second) = (progress.wait(), progress.wait());
            first.sees("a".to_owned());
            second.sees("b: 1".to_owned());
            tokio::time::sleep(Duration::from_secs(15)).await;
            second.sees("b: 2".to_owned());
            drop(first);
            tokio::time::sleep(Duration::from_secs(10)).await;
        };
        progress.during(&journal.scenario("s", simnet::Clock::real()), work).await;
        let notes = kept.records().into_iter().filter_map(|record| match record.event {
            Event::Note { text, .. } => Some(text),
            _ => None,
        });
        assert_eq!(
            notes.collect::<Vec<_>>(),
            ["10.00 s: still waiting: a; b: 1", "20.00 s: still waiting: b: 2"]
        );
        assert!(progress.told().is_empty());
    }
}
