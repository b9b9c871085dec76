//! What Helm reads of every manifest: its kind, name and annotations.

use serde_json::Value;

use crate::functions::unmarshal;

const METADATA: &str = r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;

/// Why Helm could not read a manifest's head, in its words.
pub(super) fn fault(object: &Value) -> Option<String> {
    if !matches!(object, Value::Null | Value::Object(_)) {
        return Some(unmarshal(object, "util.SimpleHead"));
    }
    let field = |value: &Value, name: &str, of: &str| {
        let words = unmarshal(value, of);
        words.replace("Go value", &format!("Go struct field SimpleHead.{name}"))
    };
    let text = |value: &Value, name: &str| (value.is_array() || value.is_object()).then(|| field(value, name, "string"));
    let metadata = &object["metadata"];
    if !matches!(metadata, Value::Null | Value::Object(_)) {
        return Some(field(metadata, "metadata", METADATA));
    }
    let annotations = &metadata["annotations"];
    if !matches!(annotations, Value::Null | Value::Object(_)) {
        return Some(field(annotations, "metadata.annotations", "map[string]string"));
    }
    let each = annotations.as_object().into_iter().flat_map(serde_json::Map::values);
    text(&object["apiVersion"], "apiVersion")
        .or_else(|| text(&object["kind"], "kind"))
        .or_else(|| text(&metadata["name"], "metadata.name"))
        .or_else(|| each.into_iter().find_map(|value| text(value, "metadata.annotations")))
}

/// An annotation's text: a number or boolean counts as it prints itself.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
