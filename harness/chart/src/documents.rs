//! YAML as Helm reads it, with its errors as text.

use serde_json::Value;

/// One document; nothing is null.
pub(crate) fn value(text: &str) -> Result<Value, String> {
    yaml::manifest::document(text).map_err(|error| format!("error converting YAML to JSON: yaml: {error}"))
}

/// One document of values: all its numbers are floats, as they are to a chart.
pub(crate) fn values(text: &str) -> Result<Value, String> {
    value(text).map(floats)
}

/// Makes every number a float.
pub(crate) fn floats(json: Value) -> Value {
    match json {
        Value::Number(n) => n.as_f64().map_or(Value::Number(n), Value::from),
        Value::Array(items) => Value::Array(items.into_iter().map(floats).collect()),
        Value::Object(entries) => Value::Object(entries.into_iter().map(|(k, v)| (k, floats(v))).collect()),
        other => other,
    }
}
