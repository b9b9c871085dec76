//! YAML as Helm reads it, with its errors as text.

use serde_json::{Map, Value};

/// The first document; nothing is null.
pub(crate) fn value(text: &str) -> Result<Value, String> {
    yaml::manifest::first(text).map_err(|error| format!("error converting YAML to JSON: yaml: {error}"))
}

/// The documents of values, each a mapping or nothing, merged; all numbers are floats, as they are to a chart.
/// Null when there are none.
pub(crate) fn values(text: &str) -> Result<Value, String> {
    let mut merged = Map::new();
    for part in parts(text) {
        match value(part).map(floats)? {
            Value::Null => {}
            Value::Object(entries) => crate::values::merge(&mut merged, entries),
            other => return Ok(other),
        }
    }
    Ok(if merged.is_empty() { Value::Null } else { Value::Object(merged) })
}

/// What stands between lines of `---`, which a comment may follow.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let separates = |at: usize| {
        let rest = text[at + 4..].lines().next().unwrap_or_default().trim();
        rest.is_empty() || rest.starts_with('#')
    };
    let starts = text
        .match_indices("\n---")
        .map(|(at, _)| at)
        .filter(move |at| separates(*at))
        .map(|at| at + 1);
    let ends = starts.clone().chain([text.len()]);
    std::iter::once(0).chain(starts).zip(ends).map(|(start, end)| &text[start..end])
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
