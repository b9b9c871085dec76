//! Writing JSON.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::{Map, Value};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

/// Bytes that most objects' texts fit in.
const USUAL: usize = 4096;

impl Value {
    /// The value as compact JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(USUAL);
        // Writing to memory fails for keys that are no strings, and there are none.
        let _ = serde_json::to_writer(&mut text, self);
        text
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_json()))
    }
}
