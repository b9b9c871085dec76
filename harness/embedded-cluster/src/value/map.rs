//! Objects.

use std::sync::Arc;

use super::entry::Entry;
use super::{Text, Value};

/// So many fields are looked through one by one.
const FEW: usize = 12;

/// An object's fields in order of their names, shared with its copies until it is changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map(Option<Arc<Vec<(Text, Value)>>>);

impl Map {
    /// No fields.
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Fields in any order; of equal names the last one counts.
    pub(crate) fn from_fields(mut fields: Vec<(Text, Value)>) -> Self {
        // What our own server or client wrote is in order.
        if !fields.is_sorted_by(|(a, _), (b, _)| a < b) {
            fields.reverse();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields.dedup_by(|(later, _), (first, _)| later == first);
        }
        if fields.is_empty() {
            Self(None)
        } else {
            Self(Some(Arc::new(fields)))
        }
    }

    fn fields(&self) -> &[(Text, Value)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(super) fn fields_mut(&mut self) -> &mut Vec<(Text, Value)> {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// Where a field is.
    fn find(&self, key: &str) -> Option<usize> {
        let fields = self.fields();
        // Among a few, lengths tell names apart faster than their order does.
        if fields.len() <= FEW {
            fields.iter().position(|(name, _)| name.as_str() == key)
        } else {
            self.place(key).ok()
        }
    }

    /// Where a field is, or where it would be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.fields().binary_search_by(|(name, _)| name.as_str().cmp(key))
    }

    /// Whether both are the same fields in memory.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    /// Where the fields are in memory; none are nowhere.
    pub(crate) fn address(&self) -> usize {
        self.0.as_ref().map_or(0, |fields| Arc::as_ptr(fields) as usize)
    }

    /// The number of fields.
    pub(crate) fn len(&self) -> usize {
        self.fields().len()
    }

    /// Whether there are no fields.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields().is_empty()
    }

    /// A field.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).map(|at| &self.fields()[at].1)
    }

    /// A field, to change it.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = self.find(key)?;
        Some(&mut self.fields_mut()[at].1)
    }

    /// Whether there is such a field.
    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Sets a field; the value it had.
    pub(crate) fn insert(&mut self, key: impl Into<Text>, value: Value) -> Option<Value> {
        let key = key.into();
        match self.place(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.fields_mut()[at].1, value)),
            Err(at) => {
                self.fields_mut().insert(at, (key, value));
                None
            }
        }
    }

    /// Takes a field away.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.find(key)?;
        Some(self.fields_mut().remove(at).1)
    }

    /// A field that may not be there yet.
    pub(crate) fn entry(&mut self, key: impl Into<Text>) -> Entry<'_> {
        let key = key.into();
        let place = self.place(&key);
        Entry::new(self, key, place)
    }

    /// Keeps the fields that `keep` accepts.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Text, &mut Value) -> bool) {
        if !self.is_empty() {
            self.fields_mut().retain_mut(|(key, value)| keep(key, value));
        }
    }

    /// The fields' names.
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator {
        self.fields().iter().map(|(key, _)| key)
    }

    /// The fields' values.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.fields().iter().map(|(_, value)| value)
    }

    /// The fields' values, to change them.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// The fields.
    pub(crate) fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }

    /// The fields, to change their values.
    pub(crate) fn iter_mut(&mut self) -> IterMut<'_> {
        self.into_iter()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.fields() == other.fields()
    }
}

impl<K: Into<Text>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(fields: I) -> Self {
        Self::from_fields(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl<K: Into<Text>> Extend<(K, Value)> for Map {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, fields: I) {
        for (key, value) in fields {
            self.insert(key, value);
        }
    }
}

/// The fields of an object.
type Iter<'a> = std::iter::Map<std::slice::Iter<'a, (Text, Value)>, fn(&'a (Text, Value)) -> (&'a Text, &'a Value)>;
/// The fields of an object, to change their values.
type IterMut<'a> = std::iter::Map<std::slice::IterMut<'a, (Text, Value)>, fn(&'a mut (Text, Value)) -> (&'a Text, &'a mut Value)>;

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.fields().iter().map(|(key, value)| (key, value))
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a Text, &'a mut Value);
    type IntoIter = IterMut<'a>;

    fn into_iter(self) -> IterMut<'a> {
        let fields = self.0.as_mut().map(|fields| Arc::make_mut(fields).as_mut_slice());
        fields.unwrap_or_default().iter_mut().map(|(key, value)| (&*key, value))
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default().into_iter()
    }
}
