//! The cluster's state: objects, one revision counter, and the log of changes that watches read.
//!
//! - Every write takes the next revision of one counter for the whole cluster.
//! - Writes are compare-and-set: the caller says which revision it read.
//! - Each collection (one stored resource type) keeps a bounded log. A [`Reader`] is a position in
//!   it; a watcher that is too slow gets *expired*, it never makes the store keep more.
//! - Older states (a list's next page, an exact revision) are found by undoing logged changes.

mod collection;
mod log;
mod reader;
mod triggers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::value::Value;
use tokio::sync::watch;

pub(crate) use collection::Snapshot;
use collection::{Change, Collection};
pub(crate) use reader::{Reader, Select};
pub(crate) use triggers::Trigger;

use crate::object::Object;

/// Names a collection: `pods`, `deployments.apps`. All versions of a resource share one.
pub(crate) type Key = Arc<str>;

/// Why a write was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// An object of that name is there.
    Exists,
    /// The object is not there (any more).
    Missing,
    /// The object is at another revision than expected.
    Modified,
}

/// The revision asked for is outside of what the store can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutOfRange {
    /// No longer kept.
    Expired,
    /// Not reached yet; the current revision is given.
    Future(u64),
}

/// An object before and after a change; none where it was not there.
pub(crate) type States = [Option<Arc<Object>>; 2];

/// The objects of one cluster.
#[derive(Debug, Default)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    revision: u64,
    closed: bool,
    collections: BTreeMap<Key, Collection>,
}

impl Inner {
    fn collection(&mut self, key: &Key) -> &mut Collection {
        if !self.collections.contains_key(key) {
            self.collections.insert(key.clone(), Collection::default());
        }
        // The entry was just made sure of; `or_default` alone would clone the key each time.
        self.collections.entry(key.clone()).or_default()
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while the lock is held, so that a poisoned lock guards a sound state.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last revision given out.
    pub(crate) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// The revision of the last change in a collection; 0 where there was none.
    pub(crate) fn changed(&self, key: &Key) -> u64 {
        self.lock().collections.get(key).map(Collection::changed).unwrap_or(0)
    }

    /// One object. `namespace` is empty for cluster-scoped ones.
    pub(crate) fn get(&self, key: &Key, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.lock().collections.get(key)?.get(namespace, name)
    }

    /// All objects of a collection (or of one namespace of it) as they are now.
    pub(crate) fn snapshot(&self, key: &Key, namespace: Option<&str>) -> Snapshot {
        let inner = self.lock();
        let items = inner.collections.get(key).map(|c| c.items(namespace)).unwrap_or_default();
        Snapshot {
            items,
            revision: inner.revision,
        }
    }

    /// All objects as they were at `revision`.
    ///
    /// # Errors
    /// When the revision is no longer in the log, or lies ahead.
    pub(crate) fn snapshot_at(&self, key: &Key, namespace: Option<&str>, revision: u64) -> Result<Snapshot, OutOfRange> {
        let inner = self.lock();
        if revision > inner.revision {
            return Err(OutOfRange::Future(inner.revision));
        }
        let Some(collection) = inner.collections.get(key) else {
            return Ok(Snapshot { items: vec![], revision });
        };
        let items = collection.items_at(namespace, revision).ok_or(OutOfRange::Expired)?;
        Ok(Snapshot { items, revision })
    }

    /// The changes in a namespace after `revision`, oldest first, each as the states before and after it; with the revision of the last
    /// change of all. None if some are forgotten.
    pub(crate) fn changes(&self, key: &Key, namespace: &str, revision: u64) -> Option<(Vec<States>, u64)> {
        let inner = self.lock();
        let changes = match inner.collections.get(key) {
            Some(collection) => collection.changes(namespace, revision)?,
            None => Vec::new(),
        };
        Some((changes, inner.revision))
    }

    /// Stores a new object and gives it its revision.
    ///
    /// # Errors
    /// [`Conflict::Exists`].
    pub(crate) fn create(&self, key: &Key, namespace: &str, name: &str, value: Value) -> Result<Arc<Object>, Conflict> {
        let mut inner = self.lock();
        let revision = inner.revision + 1;
        let collection = inner.collection(key);
        if collection.get(namespace, name).is_some() {
            return Err(Conflict::Exists);
        }
        let object = Arc::new(at_revision(value, revision));
        collection.put(
            namespace,
            name,
            Change {
                revision,
                before: None,
                after: Some(object.clone()),
            },
        );
        inner.revision = revision;
        Ok(object)
    }

    /// Replaces an object that is still at revision `read`.
    ///
    /// # Errors
    /// [`Conflict::Missing`] or [`Conflict::Modified`].
    pub(crate) fn update(&self, key: &Key, namespace: &str, name: &str, read: u64, value: Value) -> Result<Arc<Object>, Conflict> {
        let mut inner = self.lock();
        let revision = inner.revision + 1;
        let collection = inner.collection(key);
        let before = collection.get(namespace, name).ok_or(Conflict::Missing)?;
        if before.revision() != read {
            return Err(Conflict::Modified);
        }
        let object = Arc::new(at_revision(value, revision));
        collection.put(
            namespace,
            name,
            Change {
                revision,
                before: Some(before),
                after: Some(object.clone()),
            },
        );
        inner.revision = revision;
        Ok(object)
    }

    /// Removes an object that is still at revision `read`. Watchers see `last` with the revision of
    /// the removal; so does the caller.
    ///
    /// # Errors
    /// [`Conflict::Missing`] or [`Conflict::Modified`].
    pub(crate) fn delete(&self, key: &Key, namespace: &str, name: &str, read: u64, last: Value) -> Result<Arc<Object>, Conflict> {
        let mut inner = self.lock();
        let revision = inner.revision + 1;
        let collection = inner.collection(key);
        let before = collection.get(namespace, name).ok_or(Conflict::Missing)?;
        if before.revision() != read {
            return Err(Conflict::Modified);
        }
        let last = Arc::new(at_revision(last, revision));
        collection.remove(
            namespace,
            name,
            Change {
                revision,
                before: Some(before),
                after: None,
            },
            last.clone(),
        );
        inner.revision = revision;
        Ok(last)
    }

    /// Ends all readers, now and later ones.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        for collection in inner.collections.values() {
            collection.wake(u64::MAX);
        }
    }

    /// Whether [`close`](Self::close) was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Tells of changes in a collection: the revision of the last one.
    pub(crate) fn signal(&self, key: &Key) -> watch::Receiver<u64> {
        self.lock().collection(key).changes_told()
    }
}

fn at_revision(mut value: Value, revision: u64) -> Object {
    value["metadata"]["resourceVersion"] = revision.to_string().into();
    Object::new(value)
}
