//! One table: rows by primary key, in the order of their insertion where a reader asks for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DatabaseError;
use super::backing::StoredRow;
use super::encode::{Stored, key, key_bytes};

/// Rows of type `V` under a unique key `K`.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    name: &'static str,
    rows: BTreeMap<K, Row<V>>,
    inserted: u64,
    /// Keys that changed, where somebody writes changes down.
    changed: Option<BTreeSet<K>>,
}

#[derive(Debug)]
struct Row<V> {
    sequence: u64,
    value: V,
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            rows: BTreeMap::new(),
            inserted: 0,
            changed: None,
        }
    }

    /// A table that remembers what changes, for [`Self::take_changes`].
    pub(crate) fn tracked(mut self) -> Self {
        self.changed = Some(BTreeSet::new());
        self
    }

    fn note(&mut self, key: &K) {
        if let Some(changed) = &mut self.changed {
            changed.insert(key.clone());
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`DatabaseError::UniqueViolation`] if the key is taken.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Result<(), DatabaseError> {
        if self.rows.contains_key(&key) {
            return Err(DatabaseError::UniqueViolation(self.name));
        }
        self.put(key, value);
        Ok(())
    }

    /// Adds or replaces a row; a replaced row keeps its age.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.note(&key);
        if let Some(row) = self.rows.get_mut(&key) {
            row.value = value;
            return;
        }
        self.inserted += 1;
        let sequence = self.inserted;
        self.rows.insert(key, Row { sequence, value });
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key).map(|row| &row.value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.rows.contains_key(key) {
            self.note(key);
        }
        self.rows.get_mut(key).map(|row| &mut row.value)
    }

    /// Keeps the rows for which `keep` is true.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let changed = &mut self.changed;
        self.rows.retain(|key, row| {
            let kept = keep(key, &row.value);
            if let (false, Some(changed)) = (kept, changed.as_mut()) {
                changed.insert(key.clone());
            }
            kept
        });
    }

    /// Rows in the order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter().map(|(key, row)| (key, &row.value))
    }

    /// Rows of the keys from `from` on, in the order of their keys.
    pub(crate) fn iter_from(&self, from: &K) -> impl Iterator<Item = (&K, &V)> {
        self.rows.range(from..).map(|(key, row)| (key, &row.value))
    }

    /// Rows, the newest first: the order of Flyte's lists when no other is asked for.
    pub(crate) fn newest_first(&self) -> Vec<(&K, &V)> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.sequence));
        rows.into_iter().map(|(key, row)| (key, &row.value)).collect()
    }
}

impl<K: Ord + Clone + Serialize + DeserializeOwned, V: Stored> Table<K, V> {
    /// What changed since the last call, as rows to be written down.
    pub(crate) fn take_changes(&mut self, into: &mut Vec<StoredRow>) {
        let changed = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        into.extend(changed.iter().map(|key| {
            let row = self.rows.get(key);
            StoredRow {
                table: self.name.to_owned(),
                key: key_bytes(key),
                sequence: row.map_or(0, |row| row.sequence),
                value: row.map(|row| row.value.to_bytes()),
            }
        }));
    }

    /// Takes over a row that somebody else wrote, if it is of this table.
    pub(crate) fn apply(&mut self, stored: &StoredRow) -> Result<bool, DatabaseError> {
        if stored.table != self.name {
            return Ok(false);
        }
        let unreadable = || DatabaseError::Unavailable(format!("a row of table {:?} cannot be read", self.name));
        let key: K = key(&stored.key).ok_or_else(unreadable)?;
        match &stored.value {
            None => drop(self.rows.remove(&key)),
            Some(bytes) => {
                let value = V::from_bytes(bytes).ok_or_else(unreadable)?;
                let sequence = stored.sequence;
                self.rows.insert(key, Row { sequence, value });
            }
        }
        self.inserted = self.inserted.max(stored.sequence);
        Ok(true)
    }
}
