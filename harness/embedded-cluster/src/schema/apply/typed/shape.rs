//! A schema as server-side apply sees it.

use smol_str::ToSmolStr;

use crate::value::{Map, Value};

use super::super::fieldset::PathElement;
use crate::schema::{ListType, Node, Scalar};

/// What a value is to server-side apply.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape<'s> {
    /// One value.
    Leaf(Option<Scalar>),
    /// A list.
    List {
        /// Schema of the items.
        items: &'s Node,
        /// How it merges.
        list_type: &'s ListType,
    },
    /// An object or a map.
    Map {
        /// Schema of the object.
        schema: &'s Node,
        /// Merged as one value.
        atomic: bool,
    },
}

/// The shape of values of this schema; where the schema says nothing, the value does.
pub(super) fn of<'s>(schema: &'s Node, value: Option<&Value>) -> Shape<'s> {
    match schema.resolve() {
        Node::Scalar(scalar) => Shape::Leaf(Some(*scalar)),
        Node::Object(object) => Shape::Map {
            schema,
            atomic: object.atomic,
        },
        Node::Map(map) => Shape::Map {
            schema,
            atomic: map.atomic,
        },
        Node::List(list) => Shape::List {
            items: &list.items,
            list_type: &list.list_type,
        },
        Node::Any | Node::Ref(_) => match value {
            Some(Value::Object(_)) => Shape::Map {
                schema: &Node::Any,
                atomic: false,
            },
            Some(Value::Array(_)) => Shape::List {
                items: &Node::Any,
                list_type: &ListType::Atomic,
            },
            _ => Shape::Leaf(None),
        },
    }
}

/// The path element of field `name`, with its schema, and whether the schema declares it.
pub(super) fn field<'s>(schema: &'s Node, name: &str) -> (&'s Node, bool) {
    let (node, field) = schema.field(name);
    (node, field.is_some())
}

/// How a list names one of its items: by keys or value. `Err` tells why an item has no name.
pub(in crate::schema) fn item_element(items: &Node, list_type: &ListType, item: &Value) -> Result<PathElement, String> {
    match list_type {
        ListType::Map(keys) => {
            let Value::Object(object) = item else {
                return Err("associative list with keys may not have non-map elements".to_owned());
            };
            key_element(items, keys, object)
        }
        ListType::Set | ListType::Atomic => match item {
            Value::Object(_) => Err("associative list without keys has an element that's a map type".to_owned()),
            Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
            Value::Null => Err("associative list without keys has an element that's an explicit null".to_owned()),
            scalar => Ok(PathElement::Value(scalar.to_smolstr())),
        },
    }
}

fn key_element(items: &Node, keys: &[String], object: &Map) -> Result<PathElement, String> {
    let mut values = Map::new();
    for key in keys {
        let default = || items.field(key).1.and_then(|field| field.default.clone());
        if let Some(value) = object.get(key).filter(|value| !value.is_null()).cloned().or_else(default) {
            values.insert(key.clone(), value);
        }
    }
    if values.is_empty() {
        let keys: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
        return Err(format!(
            "associative list with keys has an element that omits key field {} (and doesn't have default value)",
            keys.join(", ")
        ));
    }
    Ok(PathElement::Key(Value::Object(values).to_smolstr()))
}
