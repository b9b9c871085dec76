//! Between objects and the values of expressions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use kube_cel::cel::common::ast::{CallExpr, Expr, LiteralValue};
use kube_cel::cel::objects::{Key, Map, OptionalValue};
use kube_cel::cel::{IdedExpr, Value as Cel};

use super::LIBRARY;
use crate::value::{Number, Value};

/// A value without a schema.
pub(crate) fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        Value::Number(number) => of_number(number),
        Value::String(text) => Cel::String(Arc::new(text.to_string())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.as_str().into(), to_cel(value)));
            map(fields.collect())
        }
    }
}

/// A map with text keys.
pub(super) fn map(fields: HashMap<Key, Cel>) -> Cel {
    Cel::Map(Map { map: Arc::new(fields) })
}

fn of_number(number: &Number) -> Cel {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => Cel::Int(number),
        (None, Some(number)) => Cel::UInt(number),
        _ => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

/// A text as a timestamp or a duration; `function` is the one that makes it. A text that is none stays a text.
pub(crate) fn timed(function: &str, text: &str) -> Cel {
    let argument = IdedExpr {
        id: 1,
        expr: Expr::Literal(LiteralValue::String(text.into())),
    };
    let call = IdedExpr {
        id: 2,
        expr: Expr::Call(CallExpr {
            func_name: function.to_owned(),
            target: None,
            args: vec![argument],
        }),
    };
    Cel::resolve(&call, &LIBRARY).unwrap_or_else(|_| Cel::String(Arc::new(text.to_owned())))
}

/// An optional value.
pub(crate) fn optional(value: Option<Cel>) -> Cel {
    Cel::Opaque(Arc::new(value.map_or_else(OptionalValue::none, OptionalValue::of)))
}

/// The result of an expression as a value; none for what has no JSON form.
pub(crate) fn from_cel(value: &Cel) -> Option<Value> {
    Some(match value {
        Cel::Null => Value::Null,
        Cel::Bool(flag) => (*flag).into(),
        Cel::Int(number) => (*number).into(),
        Cel::UInt(number) => (*number).into(),
        Cel::Float(number) => Value::Number(Number::from_f64(*number)?),
        Cel::String(text) => text.as_str().into(),
        Cel::List(items) => items.iter().map(from_cel).collect::<Option<Vec<Value>>>()?.into(),
        Cel::Map(fields) => {
            let fields = fields.map.iter().map(|(key, value)| match key {
                Key::String(key) => Some((key.as_str().into(), from_cel(value)?)),
                _ => None,
            });
            Value::Object(crate::value::Map::from_fields(fields.collect::<Option<Vec<_>>>()?))
        }
        _ => return None,
    })
}

const RESERVED: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// A field's name as rules of definitions write it.
pub(crate) fn escaped(name: &str) -> Cow<'_, str> {
    if RESERVED.contains(&name) {
        return Cow::Owned(format!("__{name}__"));
    }
    if !name.contains(['.', '-', '/']) && !name.contains("__") {
        return Cow::Borrowed(name);
    }
    let name = name.replace("__", "\0").replace('.', "__dot__").replace('-', "__dash__");
    Cow::Owned(name.replace('/', "__slash__").replace('\0', "__underscores__"))
}
