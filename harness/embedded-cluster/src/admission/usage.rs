//! What is used of quotas, as the store has it this moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use crate::controllers::quota::Tally;
use crate::object::Object;
use crate::store::{Key, Store};
use crate::value::Value;

/// While it is held, nobody else uses up what a quota was found to have left. None where no quota is about the write.
pub(crate) type Reserved = Option<OwnedMutexGuard<Usage>>;

/// Tallies of quotas. Each is brought up to date by what changed since it was looked at last.
#[derive(Default)]
pub(crate) struct Usage {
    /// By the quota's uid and the type whose objects are counted.
    known: BTreeMap<(String, Key), Known>,
}

struct Known {
    spec: Value,
    hard: Value,
    /// The tally has all changes up to this one.
    revision: u64,
    tally: Tally,
}

impl Usage {
    /// What is used of a quota by objects of one type.
    pub(super) fn of(&mut self, store: &Store, quota: &Arc<Object>, kind: &Key) -> &Tally {
        let place = (quota.uid().to_owned(), kind.clone());
        if !self.known.get_mut(&place).is_some_and(|known| known.catch_up(store, quota, kind)) {
            self.forget(store);
            self.known.remove(&place);
        }
        &self.known.entry(place).or_insert_with(|| Known::count(store, quota, kind)).tally
    }

    /// Drops what is known of quotas that are gone.
    fn forget(&mut self, store: &Store) {
        let quotas = store.snapshot(&"resourcequotas".into(), None).items;
        let there: BTreeSet<&str> = quotas.iter().map(|quota| quota.uid()).collect();
        self.known.retain(|(uid, _), _| there.contains(uid.as_str()));
    }
}

impl Known {
    fn count(store: &Store, quota: &Arc<Object>, kind: &Key) -> Self {
        let hard = quota.value()["status"]["hard"].clone();
        let mut tally = Tally::new(quota, &hard, |limited| *limited == **kind);
        let all = store.snapshot(kind, quota.namespace());
        for object in &all.items {
            tally.change(kind, None, Some(object.value()));
        }
        Self {
            spec: quota.value()["spec"].clone(),
            hard,
            revision: all.revision,
            tally,
        }
    }

    /// Takes in what changed since; false if that cannot be told.
    fn catch_up(&mut self, store: &Store, quota: &Object, kind: &Key) -> bool {
        let value = quota.value();
        if self.spec != value["spec"] || self.hard != value["status"]["hard"] {
            return false;
        }
        let Some((changes, revision)) = store.changes(kind, quota.namespace().unwrap_or_default(), self.revision) else {
            return false;
        };
        for [before, after] in &changes {
            self.tally
                .change(kind, before.as_deref().map(Object::value), after.as_deref().map(Object::value));
        }
        self.revision = revision;
        true
    }
}
