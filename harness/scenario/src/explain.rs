//! Help on a verb, from the schema.

use serde_json::Value;

use crate::schema::schema;

/// All verbs with the first sentence on each.
pub fn verbs() -> Vec<(&'static str, String)> {
    variants()
        .filter_map(|variant| {
            let description = variant["description"].as_str()?.replace('\n', " ");
            let first = description.split_inclusive(['.', ':']).next().unwrap_or_default();
            Some((variant["required"][0].as_str()?, first.trim_end_matches([':', ',']).to_owned()))
        })
        .collect()
}

/// What a verb does and which fields it has; `None` for an unknown verb.
pub fn explain(verb: &str) -> Option<String> {
    let variant = variants().find(|variant| variant["required"][0] == verb)?;
    let mut out = format!("{verb}\n\n");
    paragraph(&mut out, variant, 2);
    let content = target(&variant["properties"][verb]);
    paragraph(&mut out, content, 2);
    fields(&mut out, content, 2);
    Some(out)
}

fn variants() -> impl Iterator<Item = &'static Value> {
    schema()["$defs"]["Verb"]["oneOf"].as_array().into_iter().flatten()
}

/// The definition that a reference stands for.
fn target(node: &'static Value) -> &'static Value {
    let reference = node["$ref"].as_str().or_else(|| node["anyOf"][0]["$ref"].as_str());
    match reference.and_then(|reference| reference.strip_prefix("#/$defs/")) {
        Some(name) => &schema()["$defs"][name],
        None => node,
    }
}

fn fields(out: &mut String, object: &'static Value, indent: usize) {
    // An enum of objects: each variant is a field of its own.
    for variant in object["oneOf"].as_array().into_iter().flatten() {
        if let Some(name) = variant["required"][0].as_str() {
            *out += &format!("\n{:indent$}{name}\n", "");
            let content = target(&variant["properties"][name]);
            paragraph(out, variant, indent + 4);
            paragraph(out, content, indent + 4);
            fields(out, content, indent + 4);
        }
    }
    let required: Vec<&str> = object["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut properties: Vec<_> = object["properties"].as_object().into_iter().flatten().collect();
    properties.sort_by_key(|(name, _)| !required.contains(&name.as_str()));
    for (name, field) in properties {
        let default = match &field["default"] {
            Value::Null | Value::Bool(false) => String::new(),
            Value::String(text) => format!(", default {text}"),
            Value::Array(items) if items.is_empty() => String::new(),
            Value::Object(map) if map.is_empty() => String::new(),
            other => format!(", default {other}"),
        };
        let need = if required.contains(&name.as_str()) { ", required" } else { "" };
        *out += &format!("\n{:indent$}{name}  ({}{need}{default})\n", "", type_name(field));
        paragraph(out, field, indent + 4);
        let nested = element(field);
        choices(out, nested, indent + 4);
        if nested["properties"].is_object() {
            fields(out, nested, indent + 4);
        }
    }
}

/// The type of a field's elements, or of the field itself.
fn element(field: &'static Value) -> &'static Value {
    match (&field["items"], &field["additionalProperties"]) {
        (Value::Object(_), _) => target(&field["items"]),
        (_, Value::Object(_)) => target(&field["additionalProperties"]),
        _ => target(field),
    }
}

/// The values of an enum, each with its meaning; of steps, the list of verbs has it.
fn choices(out: &mut String, node: &'static Value, indent: usize) {
    if node == &schema()["$defs"]["Verb"] {
        return;
    }
    for choice in node["oneOf"].as_array().into_iter().flatten() {
        if let Some(name) = choice["const"].as_str() {
            let meaning = choice["description"].as_str().unwrap_or_default().replace('\n', " ");
            *out += &format!("{:indent$}{name}: {meaning}\n", "");
        } else if let Some(name) = choice["required"][0].as_str() {
            let meaning = choice["description"].as_str().unwrap_or_default().replace('\n', " ");
            let content = type_name(&choice["properties"][name]);
            *out += &format!("{:indent$}{{{name}: {content}}}: {meaning}\n", "");
        }
    }
}

fn type_name(field: &'static Value) -> String {
    if let Some(choices) = field["anyOf"].as_array() {
        let names: Vec<String> = choices.iter().map(type_name).filter(|name| name != "null").collect();
        return names.join(" or ");
    }
    if let Some(name) = field["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
        return match schema()["$defs"][name]["type"].as_str() {
            _ if name == "Verb" => "step".to_owned(),
            Some("string") if matches!(name, "Duration" | "NamespacedName") => name.to_owned(),
            Some("object") => "mapping".to_owned(),
            _ => "one of the below".to_owned(),
        };
    }
    let scalar = match &field["type"] {
        Value::String(name) => name.as_str(),
        // `["string", "null"]`: an optional field.
        Value::Array(names) => names[0].as_str().unwrap_or_default(),
        _ => "any value",
    };
    match scalar {
        "array" => format!("list of {}", type_name(&field["items"])),
        "object" => "mapping".to_owned(),
        other => other.to_owned(),
    }
}

fn paragraph(out: &mut String, node: &Value, indent: usize) {
    let text = node["description"].as_str().unwrap_or_default().replace('\n', " ");
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + line.len() + 1 + word.len() > 100 {
            *out += &format!("{:indent$}{line}\n", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    if !line.is_empty() {
        *out += &format!("{:indent$}{line}\n", "");
    }
}
