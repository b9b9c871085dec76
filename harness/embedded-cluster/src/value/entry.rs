//! A field that may not be there yet.

use super::{Map, Text, Value};

/// A place in an object.
pub(crate) struct Entry<'a> {
    map: &'a mut Map,
    key: Text,
    place: Result<usize, usize>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(map: &'a mut Map, key: Text, place: Result<usize, usize>) -> Self {
        Self { map, key, place }
    }

    /// The value there; `value` if there is none.
    pub(crate) fn or_insert(self, value: Value) -> &'a mut Value {
        self.or_insert_with(|| value)
    }

    /// As [`Self::or_insert`], with a value that is only made where it is needed.
    pub(crate) fn or_insert_with(self, value: impl FnOnce() -> Value) -> &'a mut Value {
        let fields = self.map.fields_mut();
        let at = match self.place {
            Ok(at) => at,
            Err(at) => {
                fields.insert(at, (self.key, value()));
                at
            }
        };
        &mut fields[at].1
    }
}
