//! Template values to TOML: keys in order, plain ones before tables, two blanks a level.

use crate::template::{Map, Value};

/// The value as a document.
///
/// # Errors
/// What TOML cannot say, in the Go library's words.
pub(super) fn document(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    match plain(value) {
        Value::Map(map) => table(&mut out, &mut Vec::new(), &map)?,
        plain => inline(&mut out, &plain)?,
    }
    Ok(out)
}

/// A value with methods, as the data it stands for; a time is none.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) if object.type_name() != "time.Time" => object.plain(),
        other => other.clone(),
    }
}

/// How a value is written below its key.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Behind `key = `.
    Plain,
    /// Below `[key]`.
    Table,
    /// Each item below `[[key]]`.
    Tables,
}

fn form(value: &Value) -> Result<Form, String> {
    match value {
        Value::Map(_) => Ok(Form::Table),
        Value::List(items) if !items.is_empty() => {
            if items.iter().any(|item| matches!(item, Value::Nil)) {
                return Err("toml: cannot encode array with nil element".into());
            }
            let tables = items.iter().all(|item| matches!(plain(item), Value::Map(_)));
            Ok(if tables { Form::Tables } else { Form::Plain })
        }
        _ => Ok(Form::Plain),
    }
}

/// A table's entries, plain ones first; nil ones are left out.
fn entries(map: &Map) -> Result<Vec<(String, Value, Form)>, String> {
    let map = map.borrow();
    let mut entries = Vec::new();
    for (key, value) in map.iter() {
        let value = plain(value);
        let form = form(&value)?;
        entries.push((key.to_string(), value, form));
    }
    entries.sort_by_key(|(_, _, form)| *form != Form::Plain);
    entries.retain(|(_, value, _)| !matches!(value, Value::Nil));
    Ok(entries)
}

fn table(out: &mut String, path: &mut Vec<String>, map: &Map) -> Result<(), String> {
    for (key, value, form) in entries(map)? {
        let indent = "  ".repeat(path.len());
        path.push(quoted_key(&key));
        match (form, &value) {
            (Form::Table, Value::Map(inner)) => {
                // Tables at the top are set apart by an empty line.
                if path.len() == 1 && !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&format!("{indent}[{}]\n", path.join(".")));
                table(out, path, inner)?;
            }
            (Form::Tables, Value::List(items)) => {
                for item in items.iter() {
                    if let Value::Map(inner) = plain(item) {
                        if !out.is_empty() {
                            out.push('\n');
                        }
                        out.push_str(&format!("{indent}[[{}]]\n", path.join(".")));
                        table(out, path, &inner)?;
                    }
                }
            }
            _ => {
                out.push_str(&format!("{indent}{} = ", quoted_key(&key)));
                inline(out, &value)?;
                out.push('\n');
            }
        }
        path.pop();
    }
    Ok(())
}

fn inline(out: &mut String, value: &Value) -> Result<(), String> {
    match plain(value) {
        Value::Bool(b) => out.push_str(&b.to_string()),
        Value::Int(n) | Value::Int64(n) => out.push_str(&n.to_string()),
        Value::Float(f) => out.push_str(&float(f)),
        Value::Str(text) => out.push_str(&quoted(&text)),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                inline(out, item)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, value, _)) in entries(&map)?.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                out.push_str(&format!("{} = ", quoted_key(key)));
                inline(out, value)?;
            }
            out.push('}');
        }
        Value::Nil => return Err("toml: cannot encode array with nil element".into()),
        Value::Object(object) => out.push_str(object.plain().as_str().unwrap_or_default()),
    }
    Ok(())
}

fn float(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+inf" } else { "-inf" }.into();
    }
    let magnitude = f.abs();
    if magnitude >= 1e6 || (magnitude < 1e-4 && magnitude != 0.0) {
        return crate::template::float_text(f);
    }
    let text = format!("{f}");
    if text.contains('.') { text } else { text + ".0" }
}

/// A key as it is, or in quotes where TOML needs them.
fn quoted_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
