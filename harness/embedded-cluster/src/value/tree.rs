//! The tree and what is asked of it most.

use super::{Index, List, Map, Number, Text};

/// Any JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(Number),
    /// A string
    String(Text),
    /// An array
    Array(List),
    /// An object
    Object(Map),
}

/// What is found where nothing is.
pub(super) static NULL: Value = Value::Null;

impl Value {
    /// The element at an index of an array, or under a key of an object.
    pub(crate) fn get(&self, index: impl Index) -> Option<&Self> {
        index.of(self)
    }

    /// As [`Self::get`], to change it.
    pub(crate) fn get_mut(&mut self, index: impl Index) -> Option<&mut Self> {
        index.of_mut(self)
    }

    /// The value, and `null` in its place.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// The value at a JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self, pointer: &str) -> Option<&Self> {
        steps(pointer)?.try_fold(self, |at, step| match at {
            Self::Object(map) => map.get(&unescape(step)),
            Self::Array(list) => list.get(place(step)?),
            _ => None,
        })
    }

    /// As [`Self::pointer`], to change it.
    pub(crate) fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Self> {
        steps(pointer)?.try_fold(self, |at, step| match at {
            Self::Object(map) => map.get_mut(&unescape(step)),
            Self::Array(list) => list.get_mut(place(step)?),
            _ => None,
        })
    }

    /// Whether it is known at a glance to be the same: arrays and objects in memory, scalars by value.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => a.is_same(b),
            (Self::Object(a), Self::Object(b)) => a.is_same(b),
            (Self::String(_) | Self::Number(_) | Self::Bool(_), _) => self == other,
            _ => false,
        }
    }

    /// Whether it is `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether it is an array.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is a string.
    pub(crate) fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether it is a number.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is a number that an `i64` holds.
    pub(crate) fn is_i64(&self) -> bool {
        self.as_i64().is_some()
    }

    /// Whether it is `true` or `false`.
    pub(crate) fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// The string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// `true` or `false`.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number, if an `i64` holds it.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self { number.as_i64() } else { None }
    }

    /// The number, if a `u64` holds it.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.as_u64() } else { None }
    }

    /// The elements of an array.
    pub(crate) fn as_array(&self) -> Option<&Vec<Self>> {
        if let Self::Array(list) = self { Some(list) } else { None }
    }

    /// The elements of an array, to change them.
    pub(crate) fn as_array_mut(&mut self) -> Option<&mut Vec<Self>> {
        if let Self::Array(list) = self { Some(list) } else { None }
    }

    /// The fields of an object.
    pub(crate) fn as_object(&self) -> Option<&Map> {
        if let Self::Object(map) = self { Some(map) } else { None }
    }

    /// The fields of an object, to change them.
    pub(crate) fn as_object_mut(&mut self) -> Option<&mut Map> {
        if let Self::Object(map) = self { Some(map) } else { None }
    }
}

/// A pointer's steps; none if it does not start at the root.
fn steps(pointer: &str) -> Option<std::str::Split<'_, char>> {
    let mut steps = pointer.split('/');
    if pointer.is_empty() {
        steps.next();
    }
    (steps.next().unwrap_or_default().is_empty()).then_some(steps)
}

fn unescape(step: &str) -> std::borrow::Cow<'_, str> {
    if step.contains('~') {
        step.replace("~1", "/").replace("~0", "~").into()
    } else {
        step.into()
    }
}

/// An array's index as a pointer writes it.
fn place(step: &str) -> Option<usize> {
    let is_plain = step == "0" || !step.starts_with(['0', '+']);
    step.parse().ok().filter(|_| is_plain)
}
