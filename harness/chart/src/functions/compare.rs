//! Go's comparison of template values.

use std::cmp::Ordering;

use crate::template::{Fault, Result, Value};

enum Basic<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'a str),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    match value {
        Value::Bool(b) => Some(Basic::Bool(*b)),
        Value::Int(n) | Value::Int64(n) => Some(Basic::Int(*n)),
        Value::Float(f) => Some(Basic::Float(*f)),
        Value::Str(s) => Some(Basic::Str(s)),
        _ => None,
    }
}

fn incompatible(a: &Value, b: &Value) -> Fault {
    Fault::call(format!(
        "incompatible types for comparison: {} and {}",
        a.type_name(),
        b.type_name()
    ))
}

/// `eq` of two operands.
pub(super) fn equal(a: &Value, b: &Value) -> Result<bool> {
    if matches!(a, Value::Nil) || matches!(b, Value::Nil) {
        return Ok(matches!(a, Value::Nil) && matches!(b, Value::Nil));
    }
    match (basic(a), basic(b)) {
        (Some(Basic::Bool(a)), Some(Basic::Bool(b))) => Ok(a == b),
        (Some(Basic::Int(a)), Some(Basic::Int(b))) => Ok(a == b),
        (Some(Basic::Float(a)), Some(Basic::Float(b))) => Ok(a == b),
        (Some(Basic::Str(a)), Some(Basic::Str(b))) => Ok(a == b),
        (Some(_), Some(_)) => Err(incompatible(a, b)),
        _ if a.type_name() == b.type_name() => Err(Fault::call(format!(
            "non-comparable type {}: {}",
            crate::template::go_text(a),
            a.type_name()
        ))),
        _ => Err(incompatible(a, b)),
    }
}

/// `lt` and its kin.
pub(super) fn order(a: &Value, b: &Value) -> Result<Option<Ordering>> {
    match (basic(a), basic(b)) {
        (Some(Basic::Int(a)), Some(Basic::Int(b))) => Ok(Some(a.cmp(&b))),
        (Some(Basic::Float(a)), Some(Basic::Float(b))) => Ok(a.partial_cmp(&b)),
        (Some(Basic::Str(a)), Some(Basic::Str(b))) => Ok(Some(a.cmp(b))),
        (Some(Basic::Bool(_)), Some(Basic::Bool(_))) | (None, _) | (_, None) => Err(Fault::call("invalid type for comparison")),
        _ => Err(incompatible(a, b)),
    }
}
