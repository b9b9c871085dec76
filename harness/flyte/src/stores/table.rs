//! One table: rows in the order of their insertion, as lists show them, with an index by primary key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DatabaseError;
use super::backing::StoredRow;
use super::encode::{Stored, key, key_bytes};

/// Rows of type `V` under a unique key `K`.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    name: &'static str,
    /// By age: the number of their insertion.
    rows: BTreeMap<u64, Row<K, V>>,
    /// The age of each key's row.
    ages: BTreeMap<Arc<K>, u64>,
    inserted: u64,
    /// Keys that changed, where somebody writes changes down.
    changed: Option<BTreeSet<K>>,
}

#[derive(Debug)]
struct Row<K, V> {
    key: Arc<K>,
    value: V,
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            rows: BTreeMap::new(),
            ages: BTreeMap::new(),
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
        if self.ages.contains_key(&key) {
            return Err(DatabaseError::UniqueViolation(self.name));
        }
        self.put(key, value);
        Ok(())
    }

    /// Adds or replaces a row; a replaced row keeps its age.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.note(&key);
        let row = self.ages.get(&key).and_then(|age| self.rows.get_mut(age));
        if let Some(row) = row {
            row.value = value;
            return;
        }
        self.inserted += 1;
        self.set(self.inserted, key, value);
    }

    fn set(&mut self, age: u64, key: K, value: V) {
        let key = Arc::new(key);
        self.ages.insert(key.clone(), age);
        self.rows.insert(age, Row { key, value });
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(self.ages.get(key)?).map(|row| &row.value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let age = *self.ages.get(key)?;
        self.note(key);
        self.rows.get_mut(&age).map(|row| &mut row.value)
    }

    fn remove(&mut self, key: &K) {
        // Among changes that somebody else made, the row that took over the age may come first.
        if let Some(age) = self.ages.remove(key)
            && self.rows.get(&age).is_some_and(|row| *row.key == *key)
        {
            self.rows.remove(&age);
        }
    }

    /// Keeps the rows for which `keep` is true.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let gone: Vec<K> = self
            .iter()
            .filter(|(key, value)| !keep(key, value))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.note(&key);
            self.remove(&key);
        }
    }

    /// Rows in the order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.of(self.ages.iter())
    }

    /// Rows of the keys from `from` on, in the order of their keys.
    pub(crate) fn iter_from(&self, from: &K) -> impl Iterator<Item = (&K, &V)> {
        self.of(self.ages.range::<K, _>(from..))
    }

    fn of<'t>(&'t self, ages: impl Iterator<Item = (&'t Arc<K>, &'t u64)>) -> impl Iterator<Item = (&'t K, &'t V)> {
        ages.filter_map(|(key, age)| Some((&**key, &self.rows.get(age)?.value)))
    }

    /// Rows, the newest first: the order of Flyte's lists when no other is asked for.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.values().rev().map(|row| (&*row.key, &row.value))
    }
}

impl<K: Ord + Clone + Serialize + DeserializeOwned, V: Stored> Table<K, V> {
    /// What changed since the last call, as rows to be written down.
    pub(crate) fn take_changes(&mut self, into: &mut Vec<StoredRow>) {
        let changed = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        into.extend(changed.iter().map(|key| StoredRow {
            table: self.name.to_owned(),
            key: key_bytes(key),
            sequence: self.ages.get(key).copied().unwrap_or_default(),
            value: self.get(key).map(V::to_bytes),
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
            None => self.remove(&key),
            Some(bytes) => {
                let value = V::from_bytes(bytes).ok_or_else(unreadable)?;
                // The row of a key that was deleted and added again is another one, of another age.
                self.remove(&key);
                self.set(stored.sequence, key, value);
            }
        }
        self.inserted = self.inserted.max(stored.sequence);
        Ok(true)
    }
}
