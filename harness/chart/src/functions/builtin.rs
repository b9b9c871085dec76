//! Functions of `text/template` itself. `and` and `or` are here only by name:
//! they evaluate their arguments lazily, which the executor does.

use std::cmp::Ordering;

use super::compare::{equal, order};
use super::{Args, Function, MANY, function};
use crate::template::{Engine, Fault, Result, Value, go_text, sprint, sprintf};

pub(super) const TABLE: &[Function] = &[
    function("and", 1, MANY, |_, a| Ok(a.get(a.len() - 1).clone())),
    function("or", 1, MANY, |_, a| Ok(a.get(a.len() - 1).clone())),
    function("not", 1, 1, |_, a| Ok(Value::Bool(!a.get(0).truthy()))),
    function("eq", 2, MANY, |_, a| {
        for other in &a.all()[1..] {
            if equal(a.get(0), other)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }),
    function("ne", 2, 2, |_, a| Ok(Value::Bool(!equal(a.get(0), a.get(1))?))),
    function("lt", 2, 2, |_, a| ordered(a, |o| o == Ordering::Less)),
    function("le", 2, 2, |_, a| ordered(a, |o| o != Ordering::Greater)),
    function("gt", 2, 2, |_, a| ordered(a, |o| o == Ordering::Greater)),
    function("ge", 2, 2, |_, a| ordered(a, |o| o != Ordering::Less)),
    function("print", 0, MANY, |_, a| Ok(Value::str(sprint(a.all())))),
    function("println", 0, MANY, |_, a| {
        let words: Vec<String> = a.all().iter().map(go_text).collect();
        Ok(Value::str(words.join(" ") + "\n"))
    }),
    function("printf", 1, MANY, |_, a| Ok(Value::str(sprintf(a.str(0)?, &a.all()[1..])))),
    function("html", 0, MANY, |_, a| Ok(Value::str(gotmpl::html_escape(&printable(a))))),
    function("js", 0, MANY, |_, a| Ok(Value::str(gotmpl::js_escape(&printable(a))))),
    function("hello", 0, 0, |_, _| Ok(Value::str("Hello!"))),
    // No value of a chart is a Go function.
    function("call", 1, MANY, |_, a| {
        Err(Fault::call(match a.get(0) {
            Value::Nil => "call of nil".into(),
            other => format!("non-function of type {}", other.type_name()),
        }))
    }),
    function("urlquery", 0, MANY, |_, a| Ok(Value::str(gotmpl::url_encode(&printable(a))))),
    function("len", 1, 1, len),
    function("index", 1, MANY, index),
];

/// What the escaping functions take: all operands as they print themselves in a template.
fn printable(a: &Args<'_>) -> String {
    let shown = |value: &Value| match value {
        Value::Nil => Value::str("<no value>"),
        other => other.clone(),
    };
    sprint(&a.all().iter().map(shown).collect::<Vec<_>>())
}

fn ordered(a: &Args<'_>, test: fn(Ordering) -> bool) -> Result<Value> {
    Ok(Value::Bool(order(a.get(0), a.get(1))?.is_some_and(test)))
}

fn len(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let count = match a.get(0) {
        Value::Str(s) => s.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.borrow().len(),
        Value::Object(object) if matches!(object.kind(), "map" | "slice") => match object.plain() {
            Value::Map(map) => map.borrow().len(),
            Value::List(items) => items.len(),
            _ => 0,
        },
        Value::Nil => return Err(Fault::call("reflect: call of reflect.Value.Type on zero Value")),
        other => return Err(Fault::call(format!("len of type {}", other.type_name()))),
    };
    Ok(Value::Int(count as i64))
}

fn index(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let mut value = a.get(0).clone();
    if matches!(value, Value::Nil) {
        return Err(Fault::call("index of untyped nil"));
    }
    for key in &a.all()[1..] {
        if let Value::Object(object) = &value {
            value = object.plain();
        }
        value = match (&value, key) {
            (Value::Map(_), Value::Str(key)) => value.get(key),
            (Value::List(items), Value::Int(i) | Value::Int64(i)) => {
                let found = usize::try_from(*i).ok().and_then(|i| items.get(i).cloned());
                found.ok_or_else(|| Fault::call(format!("index out of range: {i}")))?
            }
            (Value::Str(s), Value::Int(i) | Value::Int64(i)) => {
                let found = usize::try_from(*i).ok().and_then(|i| s.as_bytes().get(i));
                let byte = found.ok_or_else(|| Fault::call(format!("index out of range: {i}")))?;
                Value::Int(i64::from(*byte))
            }
            (Value::Nil, _) => return Err(Fault::call("index of nil pointer")),
            (Value::List(_) | Value::Str(_), Value::Nil) => return Err(Fault::call("cannot index slice/array with nil")),
            (Value::List(_) | Value::Str(_), key) => {
                return Err(Fault::call(format!("cannot index slice/array with type {}", key.type_name())));
            }
            (Value::Map(_), key) => {
                return Err(Fault::call(format!("value has type {}; should be string", key.type_name())));
            }
            (other, _) => return Err(Fault::call(format!("can't index item of type {}", other.type_name()))),
        };
    }
    Ok(value)
}
