//! Keys and numbers as indices.

use super::tree::NULL;
use super::{Map, Text, Value};

/// A key of an object, or a place in an array.
pub(crate) trait Index {
    /// What is there.
    fn of<'a>(&self, value: &'a Value) -> Option<&'a Value>;
    /// What is there, to change it.
    fn of_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value>;
    /// The place, made where an object can have it.
    fn make<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value>;
}

impl Index for str {
    fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        value.as_object()?.get(self)
    }

    fn of_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        value.as_object_mut()?.get_mut(self)
    }

    fn make<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        Some(value.as_object_mut()?.entry(self).or_insert(Value::Null))
    }
}

impl Index for usize {
    fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        value.as_array()?.get(*self)
    }

    fn of_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        value.as_array_mut()?.get_mut(*self)
    }

    fn make<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        self.of_mut(value)
    }
}

macro_rules! as_text {
    ($($text:ty),*) => {$(
        impl Index for $text {
            fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
                self.as_str().of(value)
            }

            fn of_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
                self.as_str().of_mut(value)
            }

            fn make<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
                self.as_str().make(value)
            }
        }
    )*};
}

as_text!(Text, String);

impl<T: Index + ?Sized> Index for &T {
    fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        (**self).of(value)
    }

    fn of_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        (**self).of_mut(value)
    }

    fn make<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        (**self).make(value)
    }
}

/// What is at an index; `null` where nothing is.
impl<I: Index> std::ops::Index<I> for Value {
    type Output = Self;

    fn index(&self, index: I) -> &Self {
        index.of(self).unwrap_or(&NULL)
    }
}

/// The place of a key; `null` becomes an object, and a missing field `null`.
///
/// # Panics
/// If the value has no such place: it is neither object nor `null`, or the array is shorter.
impl<I: Index> std::ops::IndexMut<I> for Value {
    fn index_mut(&mut self, index: I) -> &mut Self {
        match index.make(self) {
            Some(place) => place,
            None => panic!("a JSON value has no place for this index"),
        }
    }
}
