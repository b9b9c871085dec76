//! What a step waits for, and saw last: told from time to time where time is real.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use tokio::time::{Instant, sleep_until, timeout};

use crate::journal::{Emitter, Level};
use crate::report::duration;

/// After this long a step is slow. The longer it has been slow, the less often it is told.
const SLOW: Duration = Duration::from_secs(10);
/// When those who follow a step get the first glimpse of what it waits for, and how often another: a look costs requests.
const FIRST: Duration = Duration::from_secs(1);
const GLIMPSE: Duration = Duration::from_secs(4);
/// Waits that are told of at once.
const MOST: usize = 5;
/// How long a look may take: the work stands still for it.
const LOOK: Duration = Duration::from_secs(2);

/// What the waits of one step see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<Waits>>);

#[derive(Debug, Default)]
struct Waits {
    next: usize,
    seen: BTreeMap<usize, Seen>,
}

#[derive(Clone)]
enum Seen {
    Text(String),
    Look(Look),
}

/// Looks what there is to see, where nobody is told of it.
type Look = Arc<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>;

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Look(_) => f.write_str("Look"),
        }
    }
}

impl Seen {
    async fn told(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Look(look) => timeout(LOOK, look())
                .await
                .unwrap_or_else(|_| "the cluster does not answer".to_owned()),
        }
    }
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
    pub(crate) async fn told(&self) -> Vec<String> {
        let seen: Vec<Seen> = self.lock().seen.values().cloned().collect();
        let more = seen.len().saturating_sub(MOST);
        let mut told = join_all(seen.into_iter().take(MOST).map(Seen::told)).await;
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told
    }

    /// Does some work, and tells what it waits for when it is slow.
    pub(crate) async fn during<T>(&self, emitter: &Emitter, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        let start = Instant::now();
        let mut after = SLOW;
        let (followed, mut next) = (emitter.is_followed(), start + FIRST);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = sleep_until(next), if followed => {
                    let told = self.told().await;
                    emitter.secrets().learn().await;
                    emitter.glimpse(told);
                    next = Instant::now() + GLIMPSE;
                }
                () = sleep_until(start + after) => {
                    let told = match self.told().await {
                        told if told.is_empty() => "still at it".to_owned(),
                        told => format!("still waiting: {}", told.join("; ")),
                    };
                    emitter.secrets().learn().await;
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
        self.progress.lock().seen.insert(self.number, Seen::Text(text));
    }

    /// How to look what there is to see; done only when the step is slow.
    pub(crate) fn looks(&self, look: impl Fn() -> BoxFuture<'static, String> + Send + Sync + 'static) {
        self.progress.lock().seen.insert(self.number, Seen::Look(Arc::new(look)));
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
            first.looks(|| Box::pin(async { "a".to_owned() }));
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
        assert!(progress.told().await.is_empty());
    }
}
