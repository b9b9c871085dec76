//! JSON with its duplicate keys noticed.

use std::fmt;

use crate::value::{Map, Number, Value};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The value; of equal keys the last one counts.
    pub(crate) value: Value,
    /// Paths of keys that occur more than once, `metadata.labels.x`, in document order.
    pub(crate) duplicates: Vec<String>,
}

/// Parses one JSON document.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, serde_json::Error> {
    let mut duplicates = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Seed {
        path: &mut String::new(),
        duplicates: &mut duplicates,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Parsed { value, duplicates })
}

struct Seed<'a> {
    path: &'a mut String,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        let length = self.path.len();
        loop {
            let _ = fmt::Write::write_fmt(self.path, format_args!("[{}]", items.len()));
            let item = access.next_element_seed(Seed {
                path: self.path,
                duplicates: self.duplicates,
            })?;
            self.path.truncate(length);
            match item {
                Some(item) => items.push(item),
                None => return Ok(items.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let length = self.path.len();
        while let Some(key) = access.next_key::<String>()? {
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&key);
            if object.contains_key(&key) {
                self.duplicates.push(self.path.clone());
            }
            let value = access.next_value_seed(Seed {
                path: self.path,
                duplicates: self.duplicates,
            })?;
            self.path.truncate(length);
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn the_last_of_equal_keys_counts_and_is_reported() {
        let text = br#"{"metadata":{"name":"a","name":"b"},"l":[{"k":1,"k":2}],"data":{"k":"1","k":"2"}}"#;
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.duplicates, ["metadata.name", "l[0].k", "data.k"]);
        assert_eq!(
            parsed.value,
            json!({"metadata": {"name": "b"}, "l": [{"k": 2}], "data": {"k": "2"}})
        );
    }

    #[test]
    fn text_after_the_document_is_an_error() {
        assert!(parse(b"{} {}").is_err());
        assert!(parse(b"{").is_err());
    }
}
