//! A value without some of its fields.

use crate::value::Value;

use super::super::fieldset::{FieldSet, PathElement};
use super::shape::{self, Shape};
use crate::schema::Node;

/// `value` without the fields in `set`. An object or list that loses everything becomes `null`.
pub(in super::super) fn remove(schema: &Node, value: &Value, set: &FieldSet) -> Value {
    if set.is_empty() {
        return value.clone();
    }
    match (shape::of(schema, Some(value)), value) {
        (Shape::Map { schema, .. }, Value::Object(object)) if !object.is_empty() => {
            let kept: crate::value::Map = object
                .iter()
                .filter_map(|(name, value)| {
                    let node = shape::field(schema, name).0;
                    let value = without(node, value, set, &PathElement::Field(name.clone()))?;
                    Some((name.clone(), value))
                })
                .collect();
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        (Shape::List { items, list_type }, Value::Array(values)) if !values.is_empty() => {
            let kept: Vec<Value> = values
                .iter()
                .enumerate()
                .filter_map(|(index, value)| {
                    let element = shape::item_element(items, list_type, value).unwrap_or(PathElement::Index(index));
                    without(items, value, set, &element)
                })
                .collect();
            if kept.is_empty() { Value::Null } else { kept.into() }
        }
        _ => value.clone(),
    }
}

fn without(schema: &Node, value: &Value, set: &FieldSet, element: &PathElement) -> Option<Value> {
    if set.has(element) {
        return None;
    }
    Some(match set.below(element) {
        Some(below) => remove(schema, value, below),
        None => value.clone(),
    })
}
