//! JSON with its duplicate keys noticed.

use std::collections::BTreeSet;
use std::fmt;

use crate::value::{Map, Number, Text, Value};
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
        path: &Path::Root,
        duplicates: &mut duplicates,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Parsed { value, duplicates })
}

/// The paths of all fields, in document order; none for what is no JSON.
pub(crate) fn paths(bytes: &[u8]) -> Vec<String> {
    let mut paths = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let seed = Paths {
        path: &Path::Root,
        found: &mut paths,
    };
    if seed.deserialize(&mut deserializer).is_err() {
        return vec![];
    }
    paths
}

/// Collects the paths of fields.
struct Paths<'a> {
    path: &'a Path<'a>,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Paths<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Paths<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut index = 0;
        while access
            .next_element_seed(Paths {
                path: &Path::Item(self.path, index),
                found: self.found,
            })?
            .is_some()
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(key) = access.next_key::<Text>()? {
            let path = Path::Field(self.path, &key);
            self.found.push(path.to_string());
            access.next_value_seed(Paths {
                path: &path,
                found: self.found,
            })?;
        }
        Ok(())
    }
}

/// Where a value is, written out only for those who ask.
enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

struct Seed<'a> {
    path: &'a Path<'a>,
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

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items: Vec<Value> = Vec::new();
        while let Some(item) = access.next_element_seed(Seed {
            path: &Path::Item(self.path, items.len()),
            duplicates: self.duplicates,
        })? {
            items.push(item);
        }
        Ok(Value::Array(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Text, Value)> = Vec::new();
        // Most documents have their fields in order; names are only kept for those that have not.
        let mut seen: Option<BTreeSet<Text>> = None;
        while let Some(key) = access.next_key::<Text>()? {
            let path = Path::Field(self.path, &key);
            if seen.is_none() && fields.last().is_some_and(|(last, _)| *last >= key) {
                seen = Some(fields.iter().map(|(name, _)| name.clone()).collect());
            }
            if seen.as_mut().is_some_and(|seen| !seen.insert(key.clone())) {
                self.duplicates.push(path.to_string());
            }
            let value = access.next_value_seed(Seed {
                path: &path,
                duplicates: self.duplicates,
            })?;
            fields.push((key, value));
        }
        Ok(Value::Object(Map::from_fields(fields)))
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
