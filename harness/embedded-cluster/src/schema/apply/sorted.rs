//! Small maps, as sorted lists: a set of fields has few elements at a level, and most are made in order.

/// A map whose keys are looked up by halving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sorted<K, V>(Vec<(K, V)>);

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Sorted<K, V> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order of the keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Where a key is, or where it would be.
    fn find(&self, key: &K) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if last >= key => self.0.binary_search_by(|(known, _)| known.cmp(key)),
            _ => Err(self.0.len()),
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.find(key).ok().map(|at| &mut self.0[at].1)
    }

    /// Adds a key, or replaces its value.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Ok(at) = self.find(key) {
            self.0.remove(at);
        }
    }

    /// Adds what another map has; `both` adds a second value to the first.
    pub(super) fn merge(&mut self, other: Self, both: impl Fn(&mut V, V)) {
        if self.0.is_empty() {
            self.0 = other.0;
            return;
        }
        for (key, value) in other.0 {
            match self.find(&key) {
                Ok(at) => both(&mut self.0[at].1, value),
                Err(at) => self.0.insert(at, (key, value)),
            }
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Sorted<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut sorted = Self::default();
        for (key, value) in items {
            sorted.insert(key, value);
        }
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::Sorted;

    #[test]
    fn is_a_map() {
        let mut map: Sorted<u8, u8> = [(3, 30), (1, 10), (2, 20), (3, 31)].into_iter().collect();
        assert_eq!(
            map.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>(),
            [(1, 10), (2, 20), (3, 31)]
        );
        map.remove(&2);
        map.remove(&9);
        map.merge([(0, 1), (3, 1), (4, 40)].into_iter().collect(), |old, new| *old += new);
        assert_eq!(
            map.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>(),
            [(0, 1), (1, 10), (3, 32), (4, 40)]
        );
        assert_eq!((map.get(&4), map.get(&2), map.len()), (Some(&40), None, 4));
    }
}
