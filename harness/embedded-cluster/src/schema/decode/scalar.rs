//! Leaves: type check and canonical form.

use crate::value::Value;
use base64::Engine as _;

use super::DecodeError;
use crate::schema::quantity::Quantity;
use crate::schema::{Node, Scalar};

/// What is wrong with a leaf.
pub(super) enum Mismatch {
    /// The JSON type does not fit; Go names the value so ("number", "number 1.5").
    Type(String),
    /// Another error, told without the field.
    Other(DecodeError),
}

/// Checks `value` and brings it into the form Kubernetes stores.
pub(super) fn check(scalar: Scalar, value: &mut Value) -> Result<(), Mismatch> {
    match scalar {
        Scalar::Boolean if value.is_boolean() => Ok(()),
        Scalar::String if value.is_string() => Ok(()),
        Scalar::Number if value.is_number() => Ok(()),
        Scalar::Int32 => match value.as_i64() {
            Some(number) if i32::try_from(number).is_ok() => Ok(()),
            _ => Err(number_mismatch(value)),
        },
        Scalar::Int64 if value.is_i64() => Ok(()),
        Scalar::Int64 => Err(number_mismatch(value)),
        Scalar::IntOrString => match value {
            Value::String(_) => Ok(()),
            Value::Number(number) if number.is_i64() => Ok(()),
            other => Err(Mismatch::Other(DecodeError::new(format!(
                "json: cannot unmarshal {} into Go value of type int32",
                kind(other)
            )))),
        },
        Scalar::Bytes => bytes(value),
        Scalar::Quantity => quantity(value),
        Scalar::Time => time(value, 0),
        Scalar::MicroTime => time(value, 6),
        Scalar::Boolean | Scalar::String | Scalar::Number => Err(Mismatch::Type(kind(value).into())),
    }
}

/// The value Go puts for `null` where a value is required: in maps and lists.
pub(super) fn zero(node: &Node) -> Value {
    match node.resolve() {
        Node::Scalar(Scalar::Boolean) => Value::Bool(false),
        Node::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Number | Scalar::IntOrString) => 0.into(),
        Node::Scalar(Scalar::String) => "".into(),
        Node::Scalar(Scalar::Quantity) => "0".into(),
        Node::Object(_) => node.empty(),
        Node::Scalar(Scalar::Bytes | Scalar::Time | Scalar::MicroTime) | Node::Any | Node::Map(_) | Node::List(_) | Node::Ref(_) => {
            Value::Null
        }
    }
}

/// A value's JSON type as Go names it.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What Go's conversion of a value says, where it does not fit.
pub(super) fn conversion(value: &Value, schema: &Node) -> Option<String> {
    let (kind, name) = match value {
        Value::Bool(_) => ("bool", "bool"),
        Value::Number(number) if number.is_i64() => ("int64", "int64"),
        Value::Number(_) => ("float64", "float64"),
        Value::String(_) => ("string", "string"),
        Value::Array(_) => ("slice", "[]interface {}"),
        Value::Object(_) => ("map", "map[string]interface {}"),
        Value::Null => return None,
    };
    match schema.resolve() {
        // Too large a number is told otherwise.
        Node::Scalar(Scalar::Int32 | Scalar::Int64) if kind == "int64" => None,
        Node::Scalar(Scalar::Bytes) | Node::List(_) => Some(format!("cannot restore slice from {kind}")),
        Node::Map(_) => Some(format!("cannot restore map from {kind}")),
        Node::Object(_) => Some(format!("cannot restore struct from: {kind}")),
        Node::Scalar(_) => Some(format!("cannot convert {name} to {}", schema.go_type())),
        Node::Any | Node::Ref(_) => None,
    }
}

fn number_mismatch(value: &Value) -> Mismatch {
    Mismatch::Type(match value {
        Value::Number(number) => format!("number {number}"),
        other => kind(other).into(),
    })
}

fn bytes(value: &mut Value) -> Result<(), Mismatch> {
    let Value::String(text) = value else {
        return Err(Mismatch::Type(kind(value).into()));
    };
    // Go's decoder skips line breaks.
    if text.contains(['\n', '\r']) {
        *text = text.replace(['\n', '\r'], "").into();
    }
    let engine = &base64::engine::general_purpose::STANDARD;
    let at = match engine.decode(text.as_bytes()) {
        Ok(_) => return Ok(()),
        Err(base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _)) => at,
        Err(base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding) => text.len() / 4 * 4,
    };
    Err(Mismatch::Other(DecodeError::new(format!("illegal base64 data at input byte {at}"))))
}

fn quantity(value: &mut Value) -> Result<(), Mismatch> {
    let parsed = match &*value {
        Value::String(text) => Quantity::parse(text.trim()),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        other => Quantity::parse(kind(other)),
    };
    let canonical = parsed.map_err(|error| Mismatch::Other(DecodeError::new(error.to_string())))?;
    *value = canonical.to_string().into();
    Ok(())
}

/// How long `2006-01-02T15:04:05` is.
const SECONDS: usize = 19;

fn has_micros(rest: &str) -> bool {
    let digits = rest.strip_prefix('.').and_then(|rest| rest.get(..6));
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn time(value: &mut Value, digits: u8) -> Result<(), Mismatch> {
    let Value::String(text) = value else {
        let message = format!("json: cannot unmarshal {} into Go value of type string", kind(value));
        return Err(Mismatch::Other(DecodeError::new(message)));
    };
    let layout = if digits == 0 {
        "2006-01-02T15:04:05Z07:00"
    } else {
        "2006-01-02T15:04:05.000000Z07:00"
    };
    let unreadable = |rest: &str, part: &str| {
        let message = format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {part:?}");
        Err(Mismatch::Other(DecodeError::new(message)))
    };
    let Ok(time) = text.parse::<jiff::Timestamp>() else {
        return unreadable(text, "2006");
    };
    // Go's layout wants all six digits, as many as there are.
    let rest = text.get(SECONDS..).filter(|_| digits > 0);
    if let Some(rest) = rest.filter(|rest| !has_micros(rest)) {
        return unreadable(rest, ".000000");
    }
    let micros = time.as_microsecond().rem_euclid(1_000_000);
    let seconds = jiff::Timestamp::from_second(time.as_second() - i64::from(time.subsec_nanosecond() < 0));
    if let Ok(seconds) = seconds {
        let mut canonical = seconds.to_string();
        if digits > 0 {
            canonical.pop();
            canonical.push_str(&format!(".{micros:06}Z"));
        }
        *text = canonical.into();
    }
    Ok(())
}
