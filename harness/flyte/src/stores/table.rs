//! One table: rows by primary key, in the order of their insertion where a reader asks for it.

use std::collections::BTreeMap;

use super::DatabaseError;

/// Rows of type `V` under a unique key `K`.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    name: &'static str,
    rows: BTreeMap<K, Row<V>>,
    inserted: u64,
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
        self.rows.get_mut(key).map(|row| &mut row.value)
    }

    /// Keeps the rows for which `keep` is true.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.rows.retain(|key, row| keep(key, &row.value));
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
