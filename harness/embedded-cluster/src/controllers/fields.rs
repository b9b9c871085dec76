//! Reading objects as JSON trees: by JSON pointer, with Kubernetes' zero values for what is absent.

use std::sync::Arc;

use crate::value::{Map, Value};
use jiff::Timestamp;

use crate::object::Object;

static NULL: Value = Value::Null;

/// Typed reading at a JSON pointer such as `/spec/replicas`.
pub(crate) trait Fields {
    /// The value there; `null` where there is none.
    fn at(&self, pointer: &str) -> &Value;

    /// A string; empty where there is none.
    fn str_at(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// A number, if there is one.
    fn number_at(&self, pointer: &str) -> Option<i64> {
        self.at(pointer).as_i64()
    }

    /// A number; 0 where there is none.
    fn int_at(&self, pointer: &str) -> i64 {
        self.number_at(pointer).unwrap_or_default()
    }

    /// A flag; false where there is none.
    fn flag_at(&self, pointer: &str) -> bool {
        self.at(pointer).as_bool().unwrap_or_default()
    }

    /// A list; empty where there is none.
    fn list_at(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// An object, if there is one.
    fn map_at(&self, pointer: &str) -> Option<&Map> {
        self.at(pointer).as_object()
    }

    /// A time, if there is one that can be read.
    fn time_at(&self, pointer: &str) -> Option<Timestamp> {
        self.str_at(pointer).parse().ok()
    }
}

impl Fields for Value {
    /// Without escapes (`~1`), which fixed field names do not need; so nothing is allocated.
    fn at(&self, pointer: &str) -> &Value {
        let mut value = self;
        for token in pointer.split('/').skip(1) {
            let next = match value {
                Value::Object(fields) => fields.get(token),
                Value::Array(items) => token.parse().ok().and_then(|index: usize| items.get(index)),
                _ => None,
            };
            let Some(next) = next else { return &NULL };
            value = next;
        }
        value
    }
}

impl Fields for Object {
    fn at(&self, pointer: &str) -> &Value {
        self.value().at(pointer)
    }
}

impl Fields for Arc<Object> {
    fn at(&self, pointer: &str) -> &Value {
        self.value().at(pointer)
    }
}

/// A time as Kubernetes writes it: RFC 3339 in whole seconds.
pub(crate) fn seconds(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// A time as Kubernetes' `MicroTime`.
pub(crate) fn micros(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// The JSON object inside `value` at `field`, made if it is not there.
pub(crate) fn entry<'a>(value: &'a mut Value, field: &str) -> &'a mut Value {
    if !value[field].is_object() {
        value[field] = Value::Object(Map::new());
    }
    &mut value[field]
}

/// `fields` without zeros, empty strings and nulls, as Go's `omitempty` leaves them out.
pub(crate) fn omit_empty(fields: Value) -> Value {
    let Value::Object(fields) = fields else { return fields };
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    let kept: Map = fields.into_iter().filter(|(_, value)| !empty(value)).collect();
    kept.into()
}
