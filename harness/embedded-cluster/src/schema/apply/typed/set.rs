//! The fields that a value sets.

use crate::value::Value;

use super::super::fieldset::{FieldSet, PathElement};
use super::shape::{self, Shape};
use crate::schema::{ListType, Node};

/// Every field that `value` sets: leaves, keys of maps, items of lists, and objects with nothing in them.
pub(in super::super) fn field_set(schema: &Node, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    match (shape::of(schema, Some(value)), value) {
        (Shape::Map { schema, atomic: false }, Value::Object(object)) => {
            for (name, value) in object {
                let element = PathElement::Field(name.clone());
                let (node, declared) = shape::field(schema, name);
                let empty = value.is_null() || value.as_object().is_some_and(crate::value::Map::is_empty);
                insert(&mut set, element, empty || !declared, node, value);
            }
        }
        (Shape::List { items, list_type }, Value::Array(values)) if *list_type != ListType::Atomic => {
            for value in values {
                if let Ok(element) = shape::item_element(items, list_type, value) {
                    insert(&mut set, element, true, items, value);
                }
            }
        }
        _ => {}
    }
    set
}

fn insert(set: &mut FieldSet, element: PathElement, member: bool, schema: &Node, value: &Value) {
    if member || is_leaf(schema, value) {
        set.insert(element.clone());
    }
    set.insert_below(element, field_set(schema, value));
}

/// Whether a value is one field as a whole.
pub(super) fn is_leaf(schema: &Node, value: &Value) -> bool {
    match shape::of(schema, Some(value)) {
        Shape::Leaf(_) => true,
        Shape::Map { atomic, .. } => atomic,
        Shape::List { list_type, .. } => *list_type == ListType::Atomic,
    }
}
