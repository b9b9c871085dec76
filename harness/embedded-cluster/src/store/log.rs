//! The log of a type's changes, kept as long as somebody still has to read it.
//!
//! Thousands of pods may change at one moment, before any watcher has its turn. A watcher that falls out of the log lists everything again, at
//! the worst time for that. Like Kubernetes' watch cache, the log grows when it is read late, within bounds.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::collection::Entry;
use super::triggers::{Trigger, Triggers};

/// Changes that are kept in any case, for watches that come back and for older lists.
const SHORTEST: usize = 1024;
/// The most changes that are kept for late readers: the upper bound of the watch cache's capacity.
const LONGEST: usize = 100 * 1024;
/// So long they are kept for late readers: the watch cache's `eventFreshDuration`.
const FRESH: Duration = Duration::from_secs(75);
/// After so many more changes it is looked whether some may go.
const STEP: usize = 256;
/// Of so many changes the text is kept, for watchers that keep up.
const TEXTS: usize = 128;

/// How far a reader has read.
#[derive(Debug)]
pub(super) struct Progress {
    revision: AtomicU64,
    /// What all that it shows has in common, if that is one value of a field that readers are told by.
    pub(super) trigger: Option<Trigger>,
}

impl Progress {
    pub(super) fn new(revision: u64, trigger: Option<Trigger>) -> Arc<Self> {
        let revision = AtomicU64::new(revision);
        Arc::new(Self { revision, trigger })
    }

    /// All changes up to this revision were read.
    pub(super) fn get(&self) -> u64 {
        self.revision.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, revision: u64) {
        self.revision.store(revision, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    /// Revision of the last change that is no longer kept.
    forgotten: u64,
    triggers: Triggers,
    readers: Vec<Weak<Progress>>,
    /// At this length it is looked whether changes may go.
    full: usize,
    /// When it was looked before, with the last revision of that time.
    looked: VecDeque<(Instant, u64)>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            forgotten: 0,
            triggers: Triggers::default(),
            readers: Vec::new(),
            full: SHORTEST + STEP,
            looked: VecDeque::new(),
        }
    }
}

impl Log {
    pub(super) fn record(&mut self, entry: Entry) {
        self.triggers.record(&entry);
        self.entries.push_back(entry);
        if let Some(old) = self.entries.len().checked_sub(TEXTS + 1)
            && let Some(entry) = self.entries.get(old)
        {
            entry.shown.forget_json();
        }
        if self.entries.len() >= self.full {
            self.trim();
        }
    }

    /// Forgets what everybody has read, or has had time enough to read.
    fn trim(&mut self) {
        self.readers.retain(|reader| reader.strong_count() > 0);
        let unread = self.readers.iter().filter_map(|reader| self.unread(&*reader.upgrade()?)).min();
        let stale = self.stale();
        while self.entries.len() > SHORTEST
            && let Some(oldest) = self.entries.front()
            && let revision = oldest.change.revision
            && (self.entries.len() > LONGEST || revision <= stale || unread.is_none_or(|unread| revision < unread))
        {
            self.forgotten = revision;
            self.triggers.forget(oldest);
            self.entries.pop_front();
        }
        self.full = self.entries.len() + STEP;
    }

    /// The last change that is too old to be kept for late readers.
    fn stale(&mut self) -> u64 {
        let now = Instant::now();
        let last = self.entries.back().map_or(0, |entry| entry.change.revision);
        self.looked.push_back((now, last));
        let fresh = self.looked.partition_point(|(then, _)| now - *then >= FRESH);
        self.looked.drain(..fresh).next_back().map_or(0, |(_, revision)| revision)
    }

    /// The first change that a reader still has to read.
    fn unread(&self, reader: &Progress) -> Option<u64> {
        match &reader.trigger {
            // What falls out of the log before it is of no use to a reader that has lost its place.
            Some(trigger) => self.triggers.after(trigger, reader.get()).ok().flatten(),
            None => Some(reader.get() + 1),
        }
    }

    /// Tells of changes, or of those that concern the reader's trigger.
    pub(super) fn subscribe(&mut self, reader: &Arc<Progress>) -> Option<watch::Receiver<u64>> {
        if self.readers.len() == self.readers.capacity() {
            self.readers.retain(|reader| reader.strong_count() > 0);
        }
        self.readers.push(Arc::downgrade(reader));
        let trigger = reader.trigger.as_ref()?;
        Some(self.triggers.subscribe(trigger, self.entries.iter(), self.forgotten))
    }

    /// The changes after `revision`, oldest first; none when some of them are forgotten.
    pub(super) fn since(&self, revision: u64) -> Option<impl DoubleEndedIterator<Item = &Entry>> {
        let from = self.entries.partition_point(|entry| entry.change.revision <= revision);
        (revision >= self.forgotten).then(|| self.entries.range(from..))
    }

    /// The first change that a reader has to read; `Err` when it is forgotten.
    pub(super) fn next(&self, reader: &Progress) -> Result<Option<&Entry>, ()> {
        let read = reader.get();
        let before = match &reader.trigger {
            None if read < self.forgotten => return Err(()),
            None => read,
            Some(trigger) => match self.triggers.after(trigger, read)? {
                Some(next) => next - 1,
                None => return Ok(None),
            },
        };
        let position = self.entries.partition_point(|entry| entry.change.revision <= before);
        Ok(self.entries.get(position))
    }

    /// Wakes those who are told by triggers.
    pub(super) fn wake(&self, revision: u64) {
        self.triggers.wake(revision);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Object;
    use crate::store::collection::Change;
    use crate::value::json;

    fn change(revision: u64, node: &str) -> Entry {
        let shown = Arc::new(Object::new(json!({"metadata": {"name": "a"}, "spec": {"nodeName": node}})));
        let change = Change {
            revision,
            before: Some(shown.clone()),
            after: Some(shown.clone()),
        };
        Entry { change, shown }
    }

    /// A log with a reader of everything and one of the node `b`, and `count` changes on `node`.
    fn log(count: usize, node: &str) -> (Log, Arc<Progress>, Arc<Progress>) {
        let trigger = Trigger {
            pointer: "/spec/nodeName",
            value: "b".to_owned(),
        };
        let (all, some) = (Progress::new(0, None), Progress::new(0, Some(trigger)));
        let mut log = Log::default();
        log.subscribe(&all);
        log.subscribe(&some);
        (1..=count as u64).for_each(|revision| log.record(change(revision, node)));
        (log, all, some)
    }

    fn next(log: &Log, reader: &Progress) -> Result<Option<u64>, ()> {
        log.next(reader).map(|entry| entry.map(|entry| entry.change.revision))
    }

    #[test]
    fn nothing_unread_is_forgotten_until_it_is_too_much() {
        let (mut log, all, some) = log(9000, "a");
        assert_eq!(
            (log.entries.len(), next(&log, &all), next(&log, &some)),
            (9000, Ok(Some(1)), Ok(None))
        );
        all.set(8000);
        (9001..=9000 + STEP as u64).for_each(|revision| log.record(change(revision, "a")));
        assert_eq!((log.forgotten, next(&log, &all)), (8000, Ok(Some(8001))));
        (10_000..=10_000 + (LONGEST + STEP) as u64).for_each(|revision| log.record(change(revision, "a")));
        assert_eq!(next(&log, &all), Err(()));
        assert_eq!(next(&log, &some), Ok(None));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_kept_long_for_late_readers() {
        let (mut log, all, _some) = log(9000, "a");
        tokio::time::advance(FRESH).await;
        (9001..=9000 + STEP as u64).for_each(|revision| log.record(change(revision, "a")));
        assert!(log.entries.len() < SHORTEST + STEP);
        assert_eq!(next(&log, &all), Err(()));
    }

    #[test]
    fn who_has_read_all_or_is_gone_keeps_nothing() {
        let (mut log, all, some) = log(SHORTEST, "b");
        all.set(5000);
        drop(some);
        (2000..2000 + 3 * STEP as u64).for_each(|revision| log.record(change(revision, "b")));
        assert!(log.entries.len() < SHORTEST + STEP);
        assert!(log.since(1).is_none());
        assert_eq!(log.since(2000 + 3 * STEP as u64 - 2).map(Iterator::count), Some(1));
    }
}
