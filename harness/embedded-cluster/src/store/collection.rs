//! The objects of one resource type and the log of their changes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use super::States;
use super::triggers::{Trigger, Triggers};
use crate::object::Object;

/// Changes kept for watches and older lists, per resource type.
const LOG_LENGTH: usize = 1024;
/// Of so many of them the text is kept, for watchers that keep up.
const TEXTS: usize = 128;

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
    log: VecDeque<Entry>,
    /// Revision of the last change that fell out of the log.
    forgotten: u64,
    changed: watch::Sender<u64>,
    triggers: Triggers,
}

impl Default for Collection {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            log: VecDeque::new(),
            forgotten: 0,
            changed: watch::Sender::new(0),
            triggers: Triggers::default(),
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
        if revision < self.forgotten {
            return None;
        }
        let mut items: BTreeMap<(String, String), Arc<Object>> =
            self.items(namespace).into_iter().map(|object| (place(&object), object)).collect();
        for entry in self.log.iter().rev().take_while(|entry| entry.change.revision > revision) {
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
        if self.log.len() == LOG_LENGTH
            && let Some(oldest) = self.log.pop_front()
        {
            self.forgotten = oldest.change.revision;
            self.triggers.forget(&oldest);
        }
        self.triggers.record(&entry);
        self.log.push_back(entry);
        if let Some(old) = self.log.len().checked_sub(TEXTS + 1)
            && let Some(entry) = self.log.get(old)
        {
            entry.shown.forget_json();
        }
        self.changed.send_replace(revision);
    }

    /// The first change after `revision`, or the first of those that concern a trigger; `Err` when changes in between are forgotten.
    pub(super) fn after(&self, revision: u64, trigger: Option<&Trigger>) -> Result<Option<&Entry>, ()> {
        let before = match trigger {
            None if revision < self.forgotten => return Err(()),
            None => revision,
            Some(trigger) => match self.triggers.after(trigger, revision)? {
                Some(next) => next - 1,
                None => return Ok(None),
            },
        };
        let position = self.log.partition_point(|entry| entry.change.revision <= before);
        Ok(self.log.get(position))
    }

    /// The changes in a namespace after `revision`; none when some are forgotten.
    pub(super) fn changes(&self, namespace: &str, revision: u64) -> Option<Vec<States>> {
        if revision < self.forgotten {
            return None;
        }
        let from = self.log.partition_point(|entry| entry.change.revision <= revision);
        let here = self
            .log
            .range(from..)
            .filter(|entry| entry.shown.namespace().unwrap_or_default() == namespace);
        Some(
            here.map(|entry| [entry.change.before.clone(), entry.change.after.clone()])
                .collect(),
        )
    }

    /// Wakes everybody.
    pub(super) fn wake(&self, revision: u64) {
        self.changed.send_replace(revision);
        self.triggers.wake(revision);
    }

    pub(super) fn changed(&self) -> u64 {
        *self.changed.borrow()
    }

    /// Tells of changes, or of those that concern a trigger.
    pub(super) fn subscribe(&mut self, trigger: Option<&Trigger>) -> watch::Receiver<u64> {
        match trigger {
            Some(trigger) => self.triggers.subscribe(trigger, self.log.iter(), self.forgotten),
            None => self.changed.subscribe(),
        }
    }
}

fn place(object: &Object) -> (String, String) {
    (object.namespace().unwrap_or_default().to_owned(), object.name().to_owned())
}
