//! The objects of one resource type and the log of their changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::States;
use super::log::{Log, Progress};
use crate::object::Object;

/// A consistent set of objects.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Sorted by namespace and name.
    pub(crate) items: Vec<Arc<Object>>,
    pub(crate) revision: u64,
}

/// One logged change. `after` is none where the object was removed.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) before: Option<Arc<Object>>,
    pub(super) after: Option<Arc<Object>>,
}

/// A change with the object that watchers see: for a removal, the last state.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) change: Change,
    pub(super) shown: Arc<Object>,
}

#[derive(Debug)]
pub(super) struct Collection {
    /// By namespace (empty: cluster-scoped), then name.
    objects: BTreeMap<Box<str>, BTreeMap<Box<str>, Arc<Object>>>,
    log: Log,
    changed: watch::Sender<u64>,
}

impl Default for Collection {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            log: Log::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Collection {
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.objects.get(namespace)?.get(name).cloned()
    }

    pub(super) fn items(&self, namespace: Option<&str>) -> Vec<Arc<Object>> {
        match namespace {
            Some(namespace) => self
                .objects
                .get(namespace)
                .into_iter()
                .flat_map(BTreeMap::values)
                .cloned()
                .collect(),
            None => self.objects.values().flat_map(BTreeMap::values).cloned().collect(),
        }
    }

    /// The items at an earlier revision: today's with the later changes undone, newest first.
    pub(super) fn items_at(&self, namespace: Option<&str>, revision: u64) -> Option<Vec<Arc<Object>>> {
        let later = self.log.since(revision)?;
        let mut items: BTreeMap<(String, String), Arc<Object>> =
            self.items(namespace).into_iter().map(|object| (place(&object), object)).collect();
        for entry in later.rev() {
            let place = place(&entry.shown);
            if namespace.is_some_and(|n| n != place.0) {
                continue;
            }
            match &entry.change.before {
                Some(before) => items.insert(place, before.clone()),
                None => items.remove(&place),
            };
        }
        Some(items.into_values().collect())
    }

    pub(super) fn put(&mut self, namespace: &str, name: &str, change: Change) {
        let Some(object) = change.after.clone() else {
            return;
        };
        if !self.objects.contains_key(namespace) {
            self.objects.insert(namespace.into(), BTreeMap::new());
        }
        if let Some(objects) = self.objects.get_mut(namespace) {
            objects.insert(name.into(), object.clone());
        }
        self.record(Entry { change, shown: object });
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str, change: Change, last: Arc<Object>) {
        if let Some(objects) = self.objects.get_mut(namespace) {
            objects.remove(name);
            if objects.is_empty() {
                self.objects.remove(namespace);
            }
        }
        self.record(Entry { change, shown: last });
    }

    fn record(&mut self, entry: Entry) {
        let revision = entry.change.revision;
        self.log.record(entry);
        self.changed.send_replace(revision);
    }

    /// The first change that a reader has to read; `Err` when it is forgotten.
    pub(super) fn next(&self, reader: &Progress) -> Result<Option<&Entry>, ()> {
        self.log.next(reader)
    }

    /// The changes in a namespace after `revision`; none when some are forgotten.
    pub(super) fn changes(&self, namespace: &str, revision: u64) -> Option<Vec<States>> {
        let changes = self.log.since(revision)?;
        let here = changes.filter(|entry| entry.shown.namespace().unwrap_or_default() == namespace);
        Some(
            here.map(|entry| [entry.change.before.clone(), entry.change.after.clone()])
                .collect(),
        )
    }

    /// Wakes everybody.
    pub(super) fn wake(&self, revision: u64) {
        self.changed.send_replace(revision);
        self.log.wake(revision);
    }

    pub(super) fn changed(&self) -> u64 {
        *self.changed.borrow()
    }

    /// Tells a reader of the changes that it has to read.
    pub(super) fn subscribe(&mut self, reader: &Arc<Progress>) -> watch::Receiver<u64> {
        self.log.subscribe(reader).unwrap_or_else(|| self.changed.subscribe())
    }

    /// Tells of all changes, by their revision.
    pub(super) fn changes_told(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

fn place(object: &Object) -> (String, String) {
    (object.namespace().unwrap_or_default().to_owned(), object.name().to_owned())
}
