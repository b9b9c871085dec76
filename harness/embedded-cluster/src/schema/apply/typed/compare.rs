//! The fields in which two values differ.

use std::collections::BTreeMap;

use crate::value::{Map, Value};

use super::super::fieldset::{FieldSet, PathElement};
use super::shape::{self, Shape};
use crate::schema::{ListType, Node};

/// Differences between two values.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Comparison {
    /// Fields that only the new value has.
    pub(in super::super) added: FieldSet,
    /// Fields that only the old value has.
    pub(in super::super) removed: FieldSet,
    /// Fields with another value.
    pub(in super::super) modified: FieldSet,
}

impl Comparison {
    /// Fields that the new value sets to something new.
    pub(in super::super) fn changed(&self) -> FieldSet {
        self.added.clone().union(&self.modified)
    }

    /// Leaves out fields and what is below them.
    pub(in super::super) fn without(mut self, fields: &FieldSet) -> Comparison {
        for set in [&mut self.added, &mut self.removed, &mut self.modified] {
            set.remove_all(fields);
        }
        self
    }

    fn nest(&mut self, element: &PathElement, below: Comparison) {
        self.added.insert_below(element.clone(), below.added);
        self.removed.insert_below(element.clone(), below.removed);
        self.modified.insert_below(element.clone(), below.modified);
    }

    /// A field whose value is taken as a whole, or that exists on one side only.
    fn leaf(&mut self, element: &PathElement, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, Some(_)) => self.added.insert(element.clone()),
            (Some(_), None) => self.removed.insert(element.clone()),
            (Some(old), Some(new)) if !equal(old, new) => self.modified.insert(element.clone()),
            _ => {}
        }
    }
}

/// Where in an object one is, as far as that matters.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The object itself.
    Top,
    /// Its `metadata`.
    Metadata,
    Deeper,
}

impl Place {
    fn inside(self, field: &str) -> Self {
        if self == Self::Top && field == "metadata" {
            Self::Metadata
        } else {
            Self::Deeper
        }
    }

    /// The bookkeeping itself is nobody's field.
    fn skips(self, field: &str) -> bool {
        self == Self::Metadata && field == "managedFields"
    }
}

/// Compares two objects, apart from their `metadata.managedFields`.
pub(in super::super) fn compare(schema: &Node, old: &Value, new: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    below(&mut comparison, schema, Some(old), Some(new), Place::Top);
    comparison
}

/// Compares what is inside two values.
fn below(comparison: &mut Comparison, schema: &Node, old: Option<&Value>, new: Option<&Value>, place: Place) {
    match shape::of(schema, new.or(old)) {
        Shape::Leaf(_) => {}
        Shape::Map { schema, .. } => {
            let none = Map::new();
            let old = old.and_then(Value::as_object).unwrap_or(&none);
            let new = new.and_then(Value::as_object).unwrap_or(&none);
            let added = new.keys().filter(|name| !old.contains_key(name));
            for name in old.keys().chain(added) {
                let (old, new) = (old.get(name), new.get(name));
                // Most of an object stays as it is: that is seen at a glance.
                if old == new || place.skips(name) {
                    continue;
                }
                let element = PathElement::Field(name.clone());
                let node = shape::field(schema, name).0;
                element_of(comparison, &element, node, old, new, place.inside(name));
            }
        }
        Shape::List { items, list_type } => {
            let old = by_element(items, list_type, old);
            let new = by_element(items, list_type, new);
            let added = new.keys().filter(|element| !old.contains_key(element));
            for element in old.keys().chain(added) {
                match (old.get(element).map_or(&[][..], |v| v), new.get(element).map_or(&[][..], |v| v)) {
                    ([old], [new]) if old == new => {}
                    ([old], [new]) => element_of(comparison, element, items, Some(old), Some(new), Place::Deeper),
                    ([old], []) => element_of(comparison, element, items, Some(old), None, Place::Deeper),
                    ([], [new]) => element_of(comparison, element, items, None, Some(new), Place::Deeper),
                    // Items that a real server allows to occur twice are one field, whose value is all of them.
                    (old, new) if old.is_empty() || new.is_empty() || old != new => {
                        comparison.leaf(element, old.first().copied(), new.first().copied());
                        if !old.is_empty() && !new.is_empty() {
                            comparison.modified.insert(element.clone());
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

fn element_of(comparison: &mut Comparison, element: &PathElement, schema: &Node, old: Option<&Value>, new: Option<&Value>, place: Place) {
    let kinds_differ = matches!((old, new), (Some(old), Some(new)) if differ_in_kind(schema, old, new));
    if kinds_differ {
        element_of(comparison, element, schema, old, None, place);
        element_of(comparison, element, schema, None, new, place);
        return;
    }
    if is_leaf(schema, old, new) {
        comparison.leaf(element, old, new);
        return;
    }
    // An object or list that appears or goes is itself a field.
    if old.is_none() || new.is_none() {
        comparison.leaf(element, old, new);
    }
    let mut inner = Comparison::default();
    below(&mut inner, schema, old, new, place);
    comparison.nest(element, inner);
}

/// Untyped data can change from a map to a leaf.
fn differ_in_kind(schema: &Node, old: &Value, new: &Value) -> bool {
    *schema.resolve() == Node::Any
        && !old.is_null()
        && !new.is_null()
        && (old.is_object() != new.is_object() || old.is_array() != new.is_array())
}

/// Scalars and atomic values; also two sides with nothing in them, so that `null` and empty stay apart.
fn is_leaf(schema: &Node, old: Option<&Value>, new: Option<&Value>) -> bool {
    let present = new.filter(|new| !new.is_null()).or(old).or(new);
    match shape::of(schema, present) {
        Shape::Leaf(_) => true,
        Shape::Map { atomic, .. } => {
            atomic
                || (is_empty(old, |old| old.as_object().is_none_or(Map::is_empty))
                    && is_empty(new, |new| new.as_object().is_none_or(Map::is_empty)))
        }
        Shape::List { list_type, .. } => {
            *list_type == ListType::Atomic
                || (is_empty(old, |old| old.as_array().is_none_or(Vec::is_empty))
                    && is_empty(new, |new| new.as_array().is_none_or(Vec::is_empty)))
        }
    }
}

fn is_empty(value: Option<&Value>, empty: impl Fn(&Value) -> bool) -> bool {
    value.is_none_or(empty)
}

fn by_element<'v>(items: &Node, list_type: &ListType, list: Option<&'v Value>) -> BTreeMap<PathElement, Vec<&'v Value>> {
    let mut map: BTreeMap<PathElement, Vec<&Value>> = BTreeMap::new();
    for item in list.and_then(Value::as_array).into_iter().flatten() {
        if let Ok(element) = shape::item_element(items, list_type, item) {
            map.entry(element).or_default().push(item);
        }
    }
    map
}

/// `1` and `1.0` are the same number.
fn equal(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Number(old), Value::Number(new)) => old == new || old.as_f64() == new.as_f64(),
        (old, new) => old == new,
    }
}
