//! Custom resources: what their definition's columns point at.

use super::super::age;
use super::Shown;
use crate::crd::Column;
use crate::value::Value;

pub(super) fn cells(object: &Shown<'_>, columns: &[Column]) -> Value {
    let name = std::iter::once(Value::from(object.name()));
    name.chain(columns.iter().map(|column| cell(object, column))).collect()
}

/// The cell of one column: empty where there is nothing, or something of another type.
fn cell(object: &Shown<'_>, column: &Column) -> Value {
    let Some(value) = column.path.first(object.object.value()) else {
        return Value::Null;
    };
    match column.kind.as_str() {
        "integer" => value.as_i64().map(Value::from).unwrap_or_default(),
        "number" if value.is_number() => value.clone(),
        "boolean" if value.is_boolean() => value.clone(),
        "date" => match value.as_str() {
            Some(text) if text.parse::<jiff::Timestamp>().is_ok() => age::of(value, object.now).into(),
            Some(_) => "<invalid>".into(),
            None => Value::Null,
        },
        "string" if value.is_string() => value.clone(),
        "string" => value.to_string().into(),
        _ => Value::Null,
    }
}
