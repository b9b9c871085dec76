//! Whether an object has at least the fields that are asked for.

use serde_json::Value;

/// Where and how `actual` differs from `expected`: `None` if it has at least these fields. Lists are compared element by element and must be
/// of equal length.
pub(crate) fn difference(expected: &Value, actual: &Value) -> Option<String> {
    compare(expected, Some(actual), "")
}

fn compare(expected: &Value, actual: Option<&Value>, path: &str) -> Option<String> {
    let shown = if path.is_empty() { "." } else { path };
    match (expected, actual) {
        (Value::Null, None) => None,
        (_, None) => Some(format!("{shown} is missing, expected {expected}")),
        (Value::Object(fields), Some(Value::Object(has))) => fields
            .iter()
            .find_map(|(name, value)| compare(value, has.get(name), &format!("{path}.{name}"))),
        (Value::Array(items), Some(Value::Array(has))) if items.len() != has.len() => {
            Some(format!("{shown} has {} entries, expected {}", has.len(), items.len()))
        }
        (Value::Array(items), Some(Value::Array(has))) => items
            .iter()
            .zip(has)
            .enumerate()
            .find_map(|(index, (item, has))| compare(item, Some(has), &format!("{path}[{index}]"))),
        (expected, Some(actual)) => (expected != actual).then(|| format!("{shown} is {actual}, expected {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::difference;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!({"a": 1}), json!({"a": 1, "b": 2}), None)]
    #[case(json!({"a": null}), json!({}), None)]
    #[case(json!({"a": {"b": [1, {"c": 2}]}}), json!({"a": {"b": [1, {"c": 2, "d": 3}]}}), None)]
    #[case(json!({"a": {"b": 1}}), json!({"a": {}}), Some(".a.b is missing, expected 1"))]
    #[case(json!({"a": [1]}), json!({"a": [1, 2]}), Some(".a has 2 entries, expected 1"))]
    #[case(json!({"a": [1, 3]}), json!({"a": [1, 2]}), Some(".a[1] is 2, expected 3"))]
    #[case(json!({"a": "1"}), json!({"a": 1}), Some(".a is 1, expected \"1\""))]
    fn subset(#[case] expected: Value, #[case] actual: Value, #[case] result: Option<&str>) {
        assert_eq!(difference(&expected, &actual).as_deref(), result);
    }
}
