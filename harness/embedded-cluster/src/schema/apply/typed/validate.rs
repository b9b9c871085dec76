//! Whether a value fits its schema, in the words server-side apply uses.

use std::collections::BTreeSet;

use crate::value::Value;

use super::shape::{self, Shape};
use crate::schema::{ListType, Node, Scalar, go_format};

/// Checks `value`, in which no list names the same item twice, and returns what is wrong with it, one text in all.
pub(in super::super) fn validate(schema: &Node, value: &Value) -> Result<(), String> {
    let mut walk = Walk {
        path: String::new(),
        errors: Vec::new(),
    };
    walk.value(schema, value);
    match walk.errors.as_slice() {
        [] => Ok(()),
        [error] => Err(error.clone()),
        errors => Err(format!("errors:\n  {}", errors.join("\n  "))),
    }
}

struct Walk {
    path: String,
    errors: Vec<String>,
}

impl Walk {
    fn error(&mut self, message: impl std::fmt::Display) {
        let separator = if self.path.is_empty() { "" } else { ": " };
        self.errors.push(format!("{}{separator}{message}", self.path));
    }

    fn value(&mut self, schema: &Node, value: &Value) {
        if value.is_null() {
            return;
        }
        match (shape::of(schema, Some(value)), value) {
            (Shape::Leaf(scalar), value) => self.scalar(scalar, value),
            (Shape::Map { schema, .. }, Value::Object(object)) => {
                let open = match schema.resolve() {
                    Node::Object(object) => object.unknown.is_some(),
                    _ => true,
                };
                for (name, value) in object {
                    let (node, declared) = shape::field(schema, name);
                    self.inside(&format!(".{name}"), |walk| {
                        if declared || open {
                            walk.value(node, value);
                        } else {
                            walk.error("field not declared in schema");
                        }
                    });
                }
            }
            (Shape::Map { .. }, value) => self.error(format_args!("expected map, got &{{{}}}", go_format(value))),
            (Shape::List { items, list_type }, Value::Array(values)) => self.list(items, list_type, values),
            (Shape::List { .. }, value) => self.error(format_args!("expected list, got &{{{}}}", go_format(value))),
        }
    }

    fn list(&mut self, items: &Node, list_type: &ListType, values: &[Value]) {
        let mut seen = BTreeSet::new();
        for (index, value) in values.iter().enumerate() {
            let mut step = format!("[{index}]");
            if *list_type != ListType::Atomic {
                match shape::item_element(items, list_type, value) {
                    Ok(element) => {
                        step = element.to_string();
                        if !seen.insert(element) {
                            self.error(format_args!("duplicate entries for key {step}"));
                        }
                    }
                    Err(message) => {
                        self.error(format_args!("element {index}: {message}"));
                        continue;
                    }
                }
            }
            self.inside(&step, |walk| walk.value(items, value));
        }
    }

    fn scalar(&mut self, scalar: Option<Scalar>, value: &Value) {
        match scalar {
            Some(Scalar::String | Scalar::Bytes | Scalar::Time | Scalar::MicroTime) if !value.is_string() => {
                let value = go_format(value);
                self.error(format_args!("expected string, got &value.valueUnstructured{{Value:{value}}}"));
            }
            Some(Scalar::Int32 | Scalar::Int64 | Scalar::Number) if !value.is_number() => {
                let kind = match value {
                    Value::String(_) => "string",
                    Value::Bool(_) => "bool",
                    Value::Array(_) => "[]interface {}",
                    _ => "map[string]interface {}",
                };
                self.error(format_args!("expected numeric (int or float), got {kind}"));
            }
            Some(Scalar::Boolean) if !value.is_boolean() => {
                self.error(format_args!("expected boolean, got &{{{}}}", go_format(value)));
            }
            _ if value.is_object() || value.is_array() => {
                self.error(format_args!("expected any scalar, got &{{{}}}", go_format(value)));
            }
            _ => {}
        }
    }

    fn inside(&mut self, step: &str, check: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        check(self);
        self.path.truncate(length);
    }
}
