//! TOML to template values.

use toml::Value as Toml;

use crate::functions::dates;
use crate::template::Value;

/// The document's table. An error becomes a dict with the key `Error`, in the reader's own words.
pub(super) fn document(text: &str) -> Value {
    match toml::from_str::<toml::Table>(text) {
        Ok(table) => tree(&Toml::Table(table)),
        Err(error) => Value::map([("Error", Value::str(format!("toml: {}", error.message())))]),
    }
}

fn tree(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::str(text),
        Toml::Integer(n) => Value::Int64(*n),
        Toml::Float(f) => Value::Float(*f),
        Toml::Boolean(b) => Value::Bool(*b),
        Toml::Datetime(date) => dates::from_toml(date),
        Toml::Array(items) => Value::list(items.iter().map(tree).collect()),
        Toml::Table(entries) => Value::map(entries.iter().map(|(key, value)| (key, tree(value)))),
    }
}
