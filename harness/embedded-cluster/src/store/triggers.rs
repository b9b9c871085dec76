//! Watchers of one value of one field, told of nothing else.
//!
//! Every kubelet watches the pods of its own node. A watcher that is woken for each change of any pod costs what there are nodes; Kubernetes'
//! watch cache indexes such watchers by the value they ask for, and so does this.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use super::collection::Entry;
use crate::object::Object;
use crate::value::Value;

/// A field, and the value that a watcher wants it to have.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    /// Where the field is, as a JSON pointer.
    pub(crate) pointer: &'static str,
    /// Its value, a string.
    pub(crate) value: String,
}

/// The values of a field before and after a change, each once.
fn values<'e>(pointer: &str, entry: &'e Entry) -> impl Iterator<Item = &'e str> {
    let value = |state: &'e Option<Arc<Object>>| {
        Some(
            state
                .as_deref()?
                .value()
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default(),
        )
    };
    let (before, after) = (value(&entry.change.before), value(&entry.change.after));
    before.into_iter().chain(after.filter(|after| before != Some(after)))
}

/// What is logged of the changes that concern a trigger.
#[derive(Debug)]
struct Concerned {
    /// Revisions of the logged ones, oldest first.
    revisions: VecDeque<u64>,
    /// Revision of the last one that fell out of the log.
    forgotten: u64,
    changed: watch::Sender<u64>,
}

/// The triggers that somebody watches: by pointer, then by value.
#[derive(Debug, Default)]
pub(super) struct Triggers(BTreeMap<&'static str, BTreeMap<String, Concerned>>);

impl Triggers {
    /// Tells of changes that concern a trigger. Those in `log` are known from the start; `forgotten` is the last change before them.
    pub(super) fn subscribe<'e>(
        &mut self,
        trigger: &Trigger,
        log: impl Iterator<Item = &'e Entry>,
        forgotten: u64,
    ) -> watch::Receiver<u64> {
        let Trigger { pointer, value } = trigger;
        let by_value = self.0.entry(pointer).or_default();
        by_value.retain(|known, concerned| known == value || concerned.changed.receiver_count() > 0);
        let logged = || {
            let concerned = log.filter(|entry| values(pointer, entry).any(|found| found == value));
            concerned.map(|entry| entry.change.revision).collect()
        };
        let concerned = by_value.entry(value.clone()).or_insert_with(|| Concerned {
            revisions: logged(),
            forgotten,
            changed: watch::Sender::new(0),
        });
        concerned.changed.subscribe()
    }

    /// Takes a logged change in.
    pub(super) fn record(&mut self, entry: &Entry) {
        let revision = entry.change.revision;
        for (pointer, by_value) in &mut self.0 {
            for value in values(pointer, entry) {
                if let Some(concerned) = by_value.get_mut(value) {
                    concerned.revisions.push_back(revision);
                    concerned.changed.send_replace(revision);
                }
            }
        }
    }

    /// The oldest logged change is no longer logged.
    pub(super) fn forget(&mut self, oldest: &Entry) {
        for (pointer, by_value) in &mut self.0 {
            for value in values(pointer, oldest) {
                if let Some(concerned) = by_value.get_mut(value) {
                    concerned.revisions.pop_front();
                    concerned.forgotten = oldest.change.revision;
                }
            }
        }
    }

    /// The revision of the first logged change after `revision` that concerns a trigger; `Err` when such a one is forgotten.
    pub(super) fn after(&self, trigger: &Trigger, revision: u64) -> Result<Option<u64>, ()> {
        let concerned = self
            .0
            .get(trigger.pointer)
            .and_then(|by_value| by_value.get(&trigger.value))
            .ok_or(())?;
        if revision < concerned.forgotten {
            return Err(());
        }
        let next = concerned.revisions.partition_point(|logged| *logged <= revision);
        Ok(concerned.revisions.get(next).copied())
    }

    /// Wakes everybody.
    pub(super) fn wake(&self, revision: u64) {
        for concerned in self.0.values().flat_map(BTreeMap::values) {
            concerned.changed.send_replace(revision);
        }
    }
}
