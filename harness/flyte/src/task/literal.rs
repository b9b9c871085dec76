//! Values of JSON and YAML as Flyte's literals.

use serde_json::{Number, Value};

use crate::proto::core::literal::Value as LiteralValue;
use crate::proto::core::literal_type::Type;
use crate::proto::core::primitive::Value as PrimitiveValue;
use crate::proto::core::scalar::Value as ScalarValue;
use crate::proto::core::{Literal, LiteralCollection, LiteralMap, LiteralType, Primitive, Scalar, SimpleType, Void};

/// A value does not have the declared type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct LiteralError {
    /// The declared type.
    pub expected: String,
    /// The value, as JSON.
    pub found: String,
}

/// `value` as a literal of the type `declared`.
///
/// # Errors
/// [`LiteralError`] if it is of another type, or the type is one that these files do not have.
pub fn literal(value: &Value, declared: &LiteralType) -> Result<Literal, LiteralError> {
    let mismatch = |expected: &str| LiteralError {
        expected: expected.to_owned(),
        found: value.to_string(),
    };
    let primitive = |value| scalar(ScalarValue::Primitive(Primitive { value: Some(value) }));
    let value = match (declared.r#type.as_ref(), value) {
        (Some(Type::Simple(simple)), value) => {
            let simple = SimpleType::try_from(*simple).unwrap_or(SimpleType::Error);
            match (simple, value) {
                (SimpleType::Integer, Value::Number(number)) => {
                    primitive(PrimitiveValue::Integer(number.as_i64().ok_or_else(|| mismatch("integer"))?))
                }
                (SimpleType::Float, Value::Number(number)) => {
                    primitive(PrimitiveValue::FloatValue(number.as_f64().ok_or_else(|| mismatch("float"))?))
                }
                (SimpleType::String, Value::String(text)) => primitive(PrimitiveValue::StringValue(text.clone())),
                (SimpleType::Boolean, Value::Bool(value)) => primitive(PrimitiveValue::Boolean(*value)),
                (SimpleType::Struct, Value::Object(_)) => scalar(ScalarValue::Generic(structure(value))),
                (SimpleType::None, Value::Null) => scalar(ScalarValue::NoneType(Void {})),
                (expected, _) => return Err(mismatch(&expected.as_str_name().to_lowercase())),
            }
        }
        (Some(Type::CollectionType(inner)), Value::Array(items)) => LiteralValue::Collection(LiteralCollection {
            literals: items.iter().map(|item| literal(item, inner)).collect::<Result<_, _>>()?,
        }),
        (Some(Type::MapValueType(inner)), Value::Object(map)) => LiteralValue::Map(LiteralMap {
            literals: map
                .iter()
                .map(|(key, item)| Ok((key.clone(), literal(item, inner)?)))
                .collect::<Result<_, LiteralError>>()?,
        }),
        (Some(Type::CollectionType(_)), _) => return Err(mismatch("list")),
        (Some(Type::MapValueType(_)), _) => return Err(mismatch("map")),
        _ => return Err(mismatch("a type of workflow files")),
    };
    Ok(of(value))
}

/// A literal of the type that a JSON value shows by itself: whole numbers are integers.
pub(crate) fn untyped(value: &Value) -> Literal {
    let primitive = |value| scalar(ScalarValue::Primitive(Primitive { value: Some(value) }));
    of(match value {
        Value::Null => scalar(ScalarValue::NoneType(Void {})),
        Value::Bool(value) => primitive(PrimitiveValue::Boolean(*value)),
        Value::Number(number) => primitive(self::number(number)),
        Value::String(text) => primitive(PrimitiveValue::StringValue(text.clone())),
        Value::Array(items) => LiteralValue::Collection(LiteralCollection {
            literals: items.iter().map(untyped).collect(),
        }),
        Value::Object(_) => scalar(ScalarValue::Generic(structure(value))),
    })
}

fn number(number: &Number) -> PrimitiveValue {
    match number.as_i64() {
        Some(value) => PrimitiveValue::Integer(value),
        None => PrimitiveValue::FloatValue(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn of(value: LiteralValue) -> Literal {
    Literal {
        value: Some(value),
        ..Literal::default()
    }
}

fn scalar(value: ScalarValue) -> LiteralValue {
    LiteralValue::Scalar(Box::new(Scalar { value: Some(value) }))
}

/// A JSON object as protocol buffers' own; other values read as an empty one.
fn structure(value: &Value) -> prost_types::Struct {
    let fields = value.as_object().into_iter().flatten();
    prost_types::Struct {
        fields: fields.map(|(key, value)| (key.clone(), generic(value))).collect(),
    }
}

fn generic(value: &Value) -> prost_types::Value {
    use prost_types::value::Kind;
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(prost_types::ListValue {
            values: items.iter().map(generic).collect(),
        }),
        Value::Object(_) => Kind::StructValue(structure(value)),
    };
    prost_types::Value { kind: Some(kind) }
}
