//! Serde over a tree.

use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::Value as Json;

use super::Failure;
use crate::scalar::Rules;
use crate::span::{SPANNED, SPANNED_FIELDS};
use crate::tree::{Entry, Node, Scalar, Value};
use crate::{ErrorKind, Span};

/// Deserialises one node.
#[derive(Clone, Copy)]
pub(crate) struct NodeDeserializer<'n> {
    node: &'n Node,
}

impl<'n> NodeDeserializer<'n> {
    pub(crate) fn new(node: &'n Node) -> Self {
        Self { node }
    }

    fn collection<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.value {
            Value::Sequence(nodes) => visitor.visit_seq(Elements { nodes: nodes.iter() }),
            Value::Mapping(entries) => visitor.visit_map(Fields {
                entries: entries.iter(),
                value: None,
            }),
            Value::Scalar(scalar) => visit_scalar(scalar, visitor),
        }
        .map_err(|failure| failure.within(self.node.span))
    }
}

/// A plain scalar, where Kubernetes and YAML 1.2 agree on it.
fn visit_scalar<'de, V: Visitor<'de>>(scalar: &Scalar, visitor: V) -> Result<V::Value, Failure> {
    let core = scalar.resolve(Rules::Core);
    let kubernetes = scalar.resolve(Rules::Kubernetes);
    match (core, kubernetes) {
        (None, _) | (_, None) => Err(Failure::new(ErrorKind::NotJson(scalar.text.clone()))),
        (Some(core), Some(kubernetes)) if !same(&core, &kubernetes) => Err(Failure::new(ErrorKind::Ambiguous {
            text: scalar.text.clone(),
            kubernetes: kubernetes.to_string(),
            core: core.to_string(),
        })),
        (_, Some(Json::Null)) => visitor.visit_unit(),
        (_, Some(Json::Bool(value))) => visitor.visit_bool(value),
        (_, Some(Json::Number(value))) => {
            if let Some(value) = value.as_u64() {
                visitor.visit_u64(value)
            } else if let Some(value) = value.as_i64() {
                visitor.visit_i64(value)
            } else {
                visitor.visit_f64(value.as_f64().unwrap_or_default())
            }
        }
        _ => visitor.visit_str(&scalar.text),
    }
}

/// Equal, `1.0` and `1` included.
fn same(a: &Json, b: &Json) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a == b)
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.collection(visitor)
    }

    /// Booleans are `true` and `false`: anything else is reported as the text it is.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.value {
            Value::Scalar(scalar) => match scalar.resolve(Rules::Core) {
                Some(Json::Bool(value)) => visitor.visit_bool(value),
                _ => Err(serde::de::Error::invalid_type(Unexpected::Str(&scalar.text), &visitor)),
            }
            .map_err(|failure: Failure| failure.within(self.node.span)),
            _ => self.collection(visitor),
        }
    }

    /// Any scalar but null is a text.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.value {
            Value::Scalar(scalar) if !self.node.is_null() => visitor
                .visit_str(&scalar.text)
                .map_err(|failure: Failure| failure.within(self.node.span)),
            _ => self.collection(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == SPANNED && fields == SPANNED_FIELDS {
            return visitor.visit_map(SpannedParts { node: self.node, part: 0 });
        }
        self.collection(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Failure> {
        let span = self.node.span;
        match &self.node.value {
            Value::Scalar(scalar) => visitor.visit_enum(Variant {
                name: &scalar.text,
                span,
                value: None,
            }),
            Value::Mapping(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Variant {
                    name: &entry.key.text,
                    span: entry.key_span,
                    value: Some(&entry.value),
                }),
                [] => Err(Failure::new(ErrorKind::Data("expected one key, found none".into()))),
                [first, second, ..] => Err(Failure::new(ErrorKind::Data(format!(
                    "expected one key, found `{}` and `{}`",
                    first.key.text, second.key.text
                )))
                .within(second.key_span)),
            },
            Value::Sequence(_) => Err(serde::de::Error::invalid_type(Unexpected::Seq, &visitor)),
        }
        .map_err(|failure| failure.within(span))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple tuple_struct map
        identifier
    }
}

struct Elements<'n> {
    nodes: std::slice::Iter<'n, Node>,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some(node) = self.nodes.next() else {
            return Ok(None);
        };
        seed.deserialize(NodeDeserializer::new(node))
            .map(Some)
            .map_err(|failure| failure.within(node.span))
    }
}

struct Fields<'n> {
    entries: std::slice::Iter<'n, Entry>,
    value: Option<&'n Node>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(&entry.value);
        let key: StrDeserializer<'_, Failure> = StrDeserializer::new(&entry.key.text);
        seed.deserialize(key).map(Some).map_err(|failure| failure.within(entry.key_span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let node = self
            .value
            .take()
            .ok_or_else(|| serde::de::Error::custom("a value was read before its key"))?;
        seed.deserialize(NodeDeserializer::new(node))
            .map_err(|failure| failure.within(node.span))
    }
}

/// The parts of a [`Spanned`](crate::Spanned): four numbers, then the node itself.
struct SpannedParts<'n> {
    node: &'n Node,
    part: usize,
}

impl<'de> MapAccess<'de> for SpannedParts<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(name) = SPANNED_FIELDS.get(self.part) else {
            return Ok(None);
        };
        self.part += 1;
        let key: StrDeserializer<'_, Failure> = StrDeserializer::new(name);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Span { offset, len, line, column } = self.node.span;
        match [offset, len, line, column].get(self.part - 1) {
            Some(number) => seed.deserialize(UsizeDeserializer::new(*number)),
            None => seed.deserialize(NodeDeserializer::new(self.node)),
        }
    }
}

struct Variant<'n> {
    name: &'n str,
    span: Span,
    value: Option<&'n Node>,
}

impl<'de, 'n> EnumAccess<'de> for Variant<'n> {
    type Error = Failure;
    type Variant = Content<'n>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'n>), Failure> {
        let name: StrDeserializer<'_, Failure> = StrDeserializer::new(self.name);
        let variant = seed.deserialize(name).map_err(|failure| failure.within(self.span))?;
        Ok((
            variant,
            Content {
                name: self.name,
                node: self.value,
            },
        ))
    }
}

struct Content<'n> {
    name: &'n str,
    node: Option<&'n Node>,
}

impl Content<'_> {
    fn node(&self) -> Result<NodeDeserializer<'_>, Failure> {
        let missing = || Failure::new(ErrorKind::Data(format!("`{}` needs a value", self.name)));
        self.node.map(NodeDeserializer::new).ok_or_else(missing)
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.node {
            Some(node) if !node.is_null() => {
                Err(Failure::new(ErrorKind::Data(format!("`{}` takes no value", self.name))).within(node.span))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        let node = self.node()?;
        seed.deserialize(node).map_err(|failure| failure.within(node.node.span))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.node()?.collection(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Failure> {
        self.node()?.collection(visitor)
    }
}
