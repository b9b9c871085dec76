//! Values to and from JSON, with Go's numbers.

use serde_json::Value as Json;

use super::print::json_float;
use super::{Fault, Map, Result, Value};

/// JSON as Helm hands it to templates: every number is a `float64`.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
        Json::String(s) => Value::str(s),
        Json::Array(items) => Value::list(items.iter().map(from_json).collect()),
        Json::Object(entries) => Value::map(entries.iter().map(|(k, v)| (k, from_json(v)))),
    }
}

/// JSON whose integers are `int64`: values given by `--set`, objects of a cluster.
pub(crate) fn from_numbers(json: &Json) -> Value {
    match json {
        Json::Number(n) => n.as_i64().map_or_else(|| from_json(json), Value::Int64),
        Json::Array(items) => Value::list(items.iter().map(from_numbers).collect()),
        Json::Object(entries) => Value::map(entries.iter().map(|(k, v)| (k, from_numbers(v)))),
        other => from_json(other),
    }
}

/// The value as YAML, without the final line break, as `toYaml` returns it.
///
/// # Errors
/// As [`to_json`].
pub(crate) fn to_yaml(value: &Value) -> Result<String> {
    let text = yaml::emit::document(&to_json(value)?);
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// The value as pretty YAML, without the final line break, as `toYamlPretty` returns it.
///
/// # Errors
/// As [`to_json`].
pub(crate) fn to_yaml_pretty(value: &Value) -> Result<String> {
    let text = yaml::emit::pretty(&tree(value, 0, |f| Ok(Json::from(f)))?);
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// The value as a JSON tree.
///
/// # Errors
/// A dict that contains itself, or nests deeper than 1000 levels.
pub(crate) fn to_json(value: &Value) -> Result<Json> {
    tree(value, 0, float)
}

/// How a float is put into JSON.
type FromFloat = fn(f64) -> Result<Json>;

fn tree(value: &Value, depth: usize, float: FromFloat) -> Result<Json> {
    if depth > 1000 {
        return Err(Fault::new("json: unsupported value: encountered a cycle"));
    }
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) | Value::Int64(n) => Json::from(*n),
        Value::Float(f) => float(*f)?,
        Value::Str(s) => Json::from(&**s),
        Value::List(items) => Json::Array(items.iter().map(|v| tree(v, depth + 1, float)).collect::<Result<_>>()?),
        Value::Map(map) => object(map, depth, float)?,
        Value::Object(object) => match object.plain() {
            Value::Object(_) => return Err(Fault::new(format!("json: unsupported type: {}", object.type_name()))),
            plain => tree(&plain, depth + 1, float)?,
        },
    })
}

fn object(map: &Map, depth: usize, float: FromFloat) -> Result<Json> {
    let map = map.borrow();
    let entries = map.iter().map(|(k, v)| Ok((k.to_string(), tree(v, depth + 1, float)?)));
    Ok(Json::Object(entries.collect::<Result<_>>()?))
}

fn float(f: f64) -> Result<Json> {
    let text = json_float(f);
    // Through text, so that 3.0 is the integer 3, as Go writes it.
    serde_json::from_str(&text).map_err(|_| Fault::new(format!("json: unsupported value: {}", super::float_text(f))))
}

/// Compact JSON as Go's `json.Marshal` writes it; `html` escapes `<`, `>`, `&`.
///
/// # Errors
/// As [`to_json`].
pub(crate) fn to_json_text(value: &Value, html: bool) -> Result<String> {
    let mut out = String::new();
    write(&mut out, &to_json(value)?, html, None);
    Ok(out)
}

/// JSON with two blanks a level, as Go's `json.MarshalIndent` writes it.
///
/// # Errors
/// As [`to_json`].
pub(crate) fn to_json_pretty(value: &Value) -> Result<String> {
    let mut out = String::new();
    write(&mut out, &to_json(value)?, true, Some(0));
    Ok(out)
}

/// `level`: how deep the value is, in indented text.
fn write(out: &mut String, json: &Json, html: bool, level: Option<usize>) {
    let inner = level.map(|level| level + 1);
    let line = |out: &mut String, level: Option<usize>| {
        if let Some(level) = level {
            out.push('\n');
            out.push_str(&"  ".repeat(level));
        }
    };
    match json {
        Json::Object(entries) if entries.is_empty() => out.push_str("{}"),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(entries) => {
            out.push('{');
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(b.0));
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, inner);
                string(out, key, html);
                out.push_str(if level.is_some() { ": " } else { ":" });
                write(out, value, html, inner);
            }
            line(out, level);
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (i, value) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(out, inner);
                write(out, value, html, inner);
            }
            line(out, level);
            out.push(']');
        }
        Json::String(text) => string(out, text, html),
        Json::Number(n) => match n.as_f64() {
            Some(f) if n.is_f64() => out.push_str(&json_float(f)),
            _ => out.push_str(&n.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

fn string(out: &mut String, text: &str, html: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if html => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 || c == '\u{2028}' || c == '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
