//! The merge of a configuration into an object.

use std::collections::BTreeSet;

use crate::value::{Map, Value};

use super::super::fieldset::PathElement;
use super::shape::{self, Shape};
use crate::schema::{ListType, Node};

/// `object` with everything that `config` sets.
pub(in super::super) fn merge(schema: &Node, object: &Value, config: &Value) -> Value {
    let kind = if config.is_null() { object } else { config };
    match (shape::of(schema, Some(kind)), object, config) {
        (Shape::Map { schema, atomic: false }, object, Value::Object(config)) if !config.is_empty() => {
            let none = Map::new();
            maps(schema, object.as_object().unwrap_or(&none), config)
        }
        (Shape::Map { atomic: false, .. }, Value::Object(old), Value::Object(_) | Value::Null) if !old.is_empty() => object.clone(),
        (Shape::List { items, list_type }, object, Value::Array(config)) if *list_type != ListType::Atomic && !config.is_empty() => {
            let old = object.as_array().map_or(&[][..], |old| old);
            lists(items, list_type, old, config)
        }
        (Shape::List { list_type, .. }, Value::Array(old), Value::Array(_) | Value::Null)
            if *list_type != ListType::Atomic && !old.is_empty() =>
        {
            object.clone()
        }
        (_, _, config) => config.clone(),
    }
}

fn maps(schema: &Node, object: &Map, config: &Map) -> Value {
    let mut merged = object.clone();
    for (name, value) in config {
        let value = match object.get(name) {
            Some(old) => merge(shape::field(schema, name).0, old, value),
            None => value.clone(),
        };
        merged.insert(name.clone(), value);
    }
    Value::Object(merged)
}

/// Items of both lists: those of `config` in its order, the others where they stood between them.
fn lists(items: &Node, list_type: &ListType, object: &[Value], config: &[Value]) -> Value {
    let elements =
        |list: &[Value]| -> Vec<Option<PathElement>> { list.iter().map(|item| shape::item_element(items, list_type, item).ok()).collect() };
    let (old, new) = (elements(object), elements(config));
    let in_new: BTreeSet<&PathElement> = new.iter().flatten().collect();
    let mut shared = new
        .iter()
        .flatten()
        .filter(|element| old.iter().flatten().any(|other| other == *element));
    let mut next_shared = shared.next();
    let mut merged: Vec<Value> = Vec::with_capacity(object.len() + config.len());
    let mut taken: BTreeSet<&PathElement> = BTreeSet::new();
    let (mut l, mut r) = (0, 0);
    while l < old.len() || r < new.len() {
        let left = old.get(l).and_then(Option::as_ref);
        if let (true, true, Some(element)) = (l < old.len(), r < new.len(), left) {
            if new[r].as_ref() == Some(element) {
                merged.push(merge(items, &object[l], &config[r]));
                taken.insert(element);
                (l, r) = (l + 1, r + 1);
                next_shared = shared.next();
                continue;
            }
            // A shared item, but not the one whose turn it is.
            if in_new.contains(element) && next_shared.is_some_and(|next| next != element) {
                l += 1;
                continue;
            }
        }
        if l < old.len() {
            match left {
                Some(element) if in_new.contains(element) => {
                    if taken.contains(element) {
                        l += 1;
                    }
                }
                _ => {
                    merged.push(object[l].clone());
                    l += 1;
                    continue;
                }
            }
        }
        if r < new.len() {
            let element = new[r].as_ref();
            let counterpart = element
                .and_then(|element| old.iter().position(|other| other.as_ref() == Some(element)))
                .map(|at| &object[at]);
            merged.push(match counterpart {
                Some(old) => merge(items, old, &config[r]),
                None => config[r].clone(),
            });
            if let Some(element) = element {
                taken.insert(element);
                if next_shared == Some(element) {
                    next_shared = shared.next();
                }
            }
            r += 1;
        }
    }
    merged.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::List;
    use crate::value::json;
    use rstest::rstest;

    #[rstest]
    #[case(&["a", "b"], &["c", "b"], &["a", "c", "b"])]
    #[case(&["a", "b"], &["b", "a"], &["b", "a"])]
    #[case(&["a"], &["b"], &["a", "b"])]
    #[case(&["a", "b", "c"], &["c", "b"], &["a", "c", "b"])]
    #[case(&["a", "b", "c"], &["x", "a"], &["x", "a", "b", "c"])]
    #[case(&["a", "b"], &[], &["a", "b"])]
    fn order_of_sets(#[case] object: &[&str], #[case] config: &[&str], #[case] merged: &[&str]) {
        let schema = Node::List(List {
            items: Box::new(Node::Scalar(crate::schema::Scalar::String)),
            list_type: ListType::Set,
        });
        assert_eq!(merge(&schema, &json!(object), &json!(config)), json!(merged));
    }
}
