//! YAML as Go's Kubernetes tools write it (sigs.k8s.io/yaml over go-yaml v2): Helm's `toYaml`, `kubectl -o yaml`.
//!
//! Keys in go-yaml's order, lists not indented under their key, strings that a YAML 1.1 reader would take for something
//! else in double quotes, several lines as `|` blocks, lines folded after column 80. Facts were taken from Go's output.

mod keys;
mod number;
mod text;

use serde::Serialize;
use serde_json::Value;

/// Any serialisable value as a YAML document, with a final newline.
///
/// # Errors
/// What `serde_json` cannot represent (a map with keys that are no strings).
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_value(value).map(|value| document(&value))
}

/// A JSON value as a YAML document, with a final newline.
pub fn document(value: &Value) -> String {
    Emitter::new(Style::Plain).document(value)
}

/// The same as go-yaml v3 writes it with two blanks a level (Helm's `toYamlPretty`): lists indented under their key, no line
/// folded, floats in their own shortest form.
pub fn pretty(value: &Value) -> String {
    Emitter::new(Style::Pretty).document(value)
}

/// Several documents, each after a `---` line.
pub fn documents<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    values.into_iter().map(|value| format!("---\n{}", document(value))).collect()
}

/// What a value stands in, which decides how a collection begins.
#[derive(Clone, Copy, PartialEq)]
enum Parent {
    Mapping,
    Sequence,
}

/// Which of Go's two writers to follow.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Pretty,
}

struct Emitter {
    style: Style,
    out: String,
    /// Characters written since the last line break.
    column: usize,
}

impl Emitter {
    fn new(style: Style) -> Self {
        Emitter {
            style,
            out: String::new(),
            column: 0,
        }
    }

    fn document(mut self, value: &Value) -> String {
        self.value(value, None, 0);
        self.out.push('\n');
        self.out
    }

    /// Writes a value whose collection items start at column `indent`. The last line is left open.
    fn value(&mut self, value: &Value, parent: Option<Parent>, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                // Under a key a mapping starts on its own line; after `- ` on the same.
                let mut first = parent != Some(Parent::Mapping);
                for (key, value) in keys::sorted(map) {
                    if !first {
                        self.line(indent);
                    }
                    first = false;
                    self.entry(key, value, indent);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let mut first = true;
                for item in items {
                    if !first {
                        self.line(indent);
                    }
                    first = false;
                    self.write("- ");
                    self.value(item, Some(Parent::Sequence), indent + 2);
                }
            }
            Value::Object(_) => self.write("{}"),
            Value::Array(_) => self.write("[]"),
            Value::Null => self.write("null"),
            Value::Bool(value) => self.write(if *value { "true" } else { "false" }),
            Value::Number(value) => self.write(&number::text(value, self.style)),
            // Continuation lines are indented deeper than the collection that holds the scalar.
            Value::String(value) => self.text(value, if parent == Some(Parent::Sequence) { indent } else { indent + 2 }),
        }
    }

    /// A key and its value. Under a key, a mapping starts two columns further, and so does a list in the pretty style.
    fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        if !text::is_simple_key(key) {
            self.write("? ");
            self.text(key, indent + 2);
            self.line(indent);
            self.write(": ");
            return self.value(value, Some(Parent::Sequence), indent + 2);
        }
        self.simple_key(key);
        self.write(":");
        match value {
            Value::Object(map) if !map.is_empty() => self.value(value, Some(Parent::Mapping), indent + 2),
            Value::Array(items) if !items.is_empty() => {
                let deeper = if self.style == Style::Pretty { 2 } else { 0 };
                self.line(indent + deeper);
                self.value(value, None, indent + deeper);
            }
            _ => {
                self.write(" ");
                self.value(value, Some(Parent::Mapping), indent);
            }
        }
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    /// Starts a line at a column.
    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }
}

#[cfg(test)]
mod tests;
