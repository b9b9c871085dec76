//! What a schema says about a value.

use std::collections::BTreeMap;

use crate::value::Value;

use super::table::{self, DefinitionId};

/// The schema of one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Anything: maps merge key by key, lists are one value.
    Any,
    /// A leaf.
    Scalar(Scalar),
    /// An object with named fields.
    Object(Object),
    /// An object whose keys are data.
    Map(Map),
    /// A list.
    List(List),
    /// A built-in definition, parsed when first used (definitions refer to themselves).
    Ref(DefinitionId),
}

/// Type of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// `true` or `false`.
    Boolean,
    /// 32-bit integer.
    Int32,
    /// 64-bit integer.
    Int64,
    /// Any number.
    Number,
    /// Text.
    String,
    /// Base64 text.
    Bytes,
    /// RFC 3339 time in seconds.
    Time,
    /// RFC 3339 time in microseconds.
    MicroTime,
    /// `resource.Quantity`.
    Quantity,
    /// A number or a text such as `25%`.
    IntOrString,
}

/// An object with named fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Object {
    /// Name of the Go type as decode errors print it, `v1.Container`; empty for custom kinds.
    pub(crate) go_type: String,
    /// The declared fields.
    pub(crate) fields: BTreeMap<String, Field>,
    /// Schema of undeclared fields, if they are allowed.
    pub(crate) unknown: Option<Box<Node>>,
    /// Merged as one value.
    pub(crate) atomic: bool,
}

/// A map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Map {
    /// Schema of every value.
    pub(crate) values: Box<Node>,
    /// Merged as one value.
    pub(crate) atomic: bool,
}

/// A list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct List {
    /// Schema of every item.
    pub(crate) items: Box<Node>,
    /// How server-side apply merges it.
    pub(crate) list_type: ListType,
}

/// How server-side apply merges a list (`x-kubernetes-list-type`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListType {
    /// As one value.
    Atomic,
    /// By equal items.
    Set,
    /// By these keys of its items.
    Map(Vec<String>),
}

/// A declared field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// Schema of the value.
    pub(crate) node: Node,
    /// The schema's `default`, which also completes list keys in server-side apply.
    pub(crate) default: Option<Value>,
    /// What absence and Go's zero value mean.
    pub(crate) zero: Zero,
    /// How strategic merge patches merge it.
    pub(crate) merge: Merge,
}

/// How Go's encoding treats a field's zero value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Zero {
    /// A pointer: absent and zero differ; both are kept as they are.
    Keep,
    /// `omitempty` on a value: zero is dropped.
    Drop,
    /// Always written: an absent value becomes this one.
    Emit(Value),
    /// A struct that is not a pointer: an absent one becomes an empty one.
    Struct,
}

/// `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Merge {
    /// Lists are merged, not replaced.
    pub(crate) merge: bool,
    /// The key of the items of a merged list of objects.
    pub(crate) key: Option<String>,
}

impl Node {
    /// The node behind a reference.
    pub(crate) fn resolve(&self) -> &Node {
        match self {
            Node::Ref(id) => table::builtin().definition(*id),
            node => node,
        }
    }

    /// The object schema, if this is one.
    pub(crate) fn as_object(&self) -> Option<&Object> {
        match self.resolve() {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The schema of field `name`, with what the parent says about it if it is declared.
    pub(crate) fn field(&self, name: &str) -> (&Node, Option<&Field>) {
        match self.resolve() {
            Node::Object(object) => match object.fields.get(name) {
                Some(field) => (&field.node, Some(field)),
                None => (object.unknown.as_deref().unwrap_or(&Node::Any), None),
            },
            Node::Map(map) => (&map.values, None),
            _ => (&Node::Any, None),
        }
    }

    /// The value that Go writes for a struct with nothing set.
    pub(crate) fn empty(&self) -> Value {
        let mut value = crate::value::Map::new();
        if let Some(object) = self.as_object() {
            for (name, field) in &object.fields {
                match &field.zero {
                    Zero::Emit(zero) => value.insert(name.clone(), zero.clone()),
                    Zero::Struct => value.insert(name.clone(), field.node.empty()),
                    Zero::Keep | Zero::Drop => None,
                };
            }
        }
        Value::Object(value)
    }

    /// The type as Go's JSON errors name it.
    pub(crate) fn go_type(&self) -> String {
        match self.resolve() {
            Node::Any => "interface {}".into(),
            Node::Scalar(scalar) => scalar.go_type().into(),
            Node::Object(object) => object.go_type.clone(),
            Node::Map(map) => format!("map[string]{}", map.values.go_type()),
            Node::List(list) => format!("[]{}", list.items.go_type()),
            Node::Ref(_) => String::new(),
        }
    }
}

impl Scalar {
    fn go_type(self) -> &'static str {
        match self {
            Scalar::Boolean => "bool",
            Scalar::Int32 => "int32",
            Scalar::Int64 => "int64",
            Scalar::Number => "float64",
            Scalar::String => "string",
            Scalar::Bytes => "[]uint8",
            Scalar::Time => "v1.Time",
            Scalar::MicroTime => "v1.MicroTime",
            Scalar::Quantity => "resource.Quantity",
            Scalar::IntOrString => "intstr.IntOrString",
        }
    }
}
