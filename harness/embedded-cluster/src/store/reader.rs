//! A watcher's position in a collection's log.

use std::sync::Arc;

use tokio::sync::watch;

use super::log::Progress;
use super::{Key, Store, Trigger};
use crate::client::{EventKind, WatchEvent};
use crate::object::Object;
use crate::status::Status;

/// Which objects a reader shows.
pub(crate) type Select = Arc<dyn Fn(&Object) -> bool + Send + Sync>;

/// Reads changes one by one, in order, at its own pace.
pub(crate) struct Reader {
    store: Arc<Store>,
    key: Key,
    select: Select,
    progress: Arc<Progress>,
    changed: watch::Receiver<u64>,
    ended: bool,
}

/// What a look at the log found.
enum Found {
    Event(WatchEvent),
    /// A change of an object that this reader does not show.
    Other,
    Nothing,
    End,
}

impl Reader {
    /// A reader of the changes after revision `since`. With a trigger, `select` shows nothing that does not have it.
    pub(crate) fn new(store: Arc<Store>, key: Key, since: u64, select: Select, trigger: Option<Trigger>) -> Self {
        let progress = Progress::new(since, trigger);
        let changed = store.lock().collection(&key).subscribe(&progress);
        Self {
            store,
            key,
            select,
            progress,
            changed,
            ended: false,
        }
    }

    /// All changes up to this revision were read.
    pub(crate) fn position(&self) -> u64 {
        let inner = self.store.lock();
        let collection = inner.collections.get(&self.key);
        match collection.map(|collection| collection.next(&self.progress)) {
            // Nobody told of changes that do not concern this reader.
            Some(Ok(None)) => self.progress.get().max(inner.revision),
            _ => self.progress.get(),
        }
    }

    /// The next change that the reader shows; waits for it. None when the store is closed. An
    /// event of kind `Error` is the last one. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Option<WatchEvent> {
        while !self.ended {
            self.changed.mark_unchanged();
            match self.look() {
                Found::Event(event) => {
                    self.ended = event.kind == EventKind::Error;
                    return Some(event);
                }
                Found::Other => {}
                Found::Nothing => self.changed.changed().await.ok()?,
                Found::End => self.ended = true,
            }
        }
        None
    }

    fn look(&mut self) -> Found {
        let inner = self.store.lock();
        if inner.closed {
            return Found::End;
        }
        let Some(collection) = inner.collections.get(&self.key) else {
            return Found::End;
        };
        let entry = match collection.next(&self.progress) {
            Ok(Some(entry)) => entry.clone(),
            Ok(None) => {
                self.progress.set(self.progress.get().max(inner.revision));
                return Found::Nothing;
            }
            Err(()) => return Found::Event(expired()),
        };
        drop(inner);
        self.progress.set(entry.change.revision);
        let shown = |object: &Option<Arc<Object>>| object.as_deref().is_some_and(|o| (self.select)(o));
        let kind = match (shown(&entry.change.before), shown(&entry.change.after)) {
            (false, false) => return Found::Other,
            (false, true) => EventKind::Added,
            (true, true) => EventKind::Modified,
            (true, false) => EventKind::Deleted,
        };
        let object = match (&entry.change.before, &entry.change.after) {
            // It left the selection: its last matching state, with the revision of the change.
            (Some(before), Some(_)) if kind == EventKind::Deleted => {
                Arc::new(super::at_revision(before.value().clone(), entry.change.revision))
            }
            _ => entry.shown,
        };
        Found::Event(WatchEvent { kind, object })
    }
}

fn expired() -> WatchEvent {
    let status = Status::expired("The resourceVersion for the provided watch is too old.");
    WatchEvent {
        kind: EventKind::Error,
        object: Arc::new(Object::new(status.to_json())),
    }
}
