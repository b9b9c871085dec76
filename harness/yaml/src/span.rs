//! Where something stands in a file.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// A stretch of a YAML file. Lines and columns count from 1, columns in characters; offset and length are in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// Byte offset of the first character.
    pub offset: usize,
    /// Length in bytes; 0 for something that is implied (an empty value).
    #[serde(rename = "length")]
    pub len: usize,
    /// Line of the first character, from 1. 0 means: nowhere (a value that was made, not read).
    pub line: usize,
    /// Column of the first character, from 1.
    pub column: usize,
}

impl Span {
    /// The bytes that the span covers.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.len
    }
}

/// A value with its place in the file. Equality and serialisation look at the value only.
///
/// Read by [`strict`](crate::strict); any other deserialiser gives it an empty span.
#[derive(Clone, Debug, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// The names by which [`Spanned`] asks the strict deserialiser for a position.
pub(crate) const SPANNED: &str = "$yaml::Spanned";
pub(crate) const SPANNED_FIELDS: &[&str] = &["$offset", "$len", "$line", "$column", "$value"];

impl<T> Spanned<T> {
    /// A value that was made, not read.
    pub fn made(value: T) -> Self {
        Self {
            value,
            span: Span::default(),
        }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value with its position")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let next = |map: &mut A| -> Result<usize, A::Error> {
                    let _: Option<String> = map.next_key()?;
                    map.next_value()
                };
                let span = Span {
                    offset: next(&mut map)?,
                    len: next(&mut map)?,
                    line: next(&mut map)?,
                    column: next(&mut map)?,
                };
                let _: Option<String> = map.next_key()?;
                Ok(Spanned {
                    value: map.next_value()?,
                    span,
                })
            }
        }
        deserializer.deserialize_struct(SPANNED, SPANNED_FIELDS, Parts(std::marker::PhantomData))
    }
}

/// The schema of the value itself.
impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
