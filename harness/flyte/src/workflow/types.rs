//! Types of inputs and outputs: `integer`, `float`, `string`, `boolean`, `struct`, `list<T>`, `map<T>`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error};

use crate::proto::core::literal_type::Type as ProtoType;
use crate::proto::core::{LiteralType, SimpleType};

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A JSON object.
    Struct,
    /// A list.
    List(Box<Type>),
    /// A map with text keys.
    Map(Box<Type>),
}

impl Type {
    /// The type as the admin API has it.
    #[must_use]
    pub fn to_proto(&self) -> LiteralType {
        let simple = |simple: SimpleType| ProtoType::Simple(simple as i32);
        let kind = match self {
            Self::Integer => simple(SimpleType::Integer),
            Self::Float => simple(SimpleType::Float),
            Self::String => simple(SimpleType::String),
            Self::Boolean => simple(SimpleType::Boolean),
            Self::Struct => simple(SimpleType::Struct),
            Self::List(inner) => ProtoType::CollectionType(Box::new(inner.to_proto())),
            Self::Map(inner) => ProtoType::MapValueType(Box::new(inner.to_proto())),
        };
        LiteralType {
            r#type: Some(kind),
            ..LiteralType::default()
        }
    }
}

impl FromStr for Type {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>');
        Ok(match text {
            "integer" => Self::Integer,
            "float" => Self::Float,
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "struct" => Self::Struct,
            _ => match (inner("list"), inner("map")) {
                (Some(item), _) => Self::List(Box::new(item.parse()?)),
                (_, Some(item)) => Self::Map(Box::new(item.parse()?)),
                _ => {
                    return Err(format!(
                        "unknown type `{text}`; types are integer, float, string, boolean, struct, list<T>, map<T>"
                    ));
                }
            },
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer => f.write_str("integer"),
            Self::Float => f.write_str("float"),
            Self::String => f.write_str("string"),
            Self::Boolean => f.write_str("boolean"),
            Self::Struct => f.write_str("struct"),
            Self::List(inner) => write!(f, "list<{inner}>"),
            Self::Map(inner) => write!(f, "map<{inner}>"),
        }
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
