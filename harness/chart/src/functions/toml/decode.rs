//! TOML to template values.

use toml::Value as Toml;

use crate::functions::dates;
use crate::template::{Items, List, Value};

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
        Toml::Array(items) => {
            let tables = !items.is_empty() && items.iter().all(Toml::is_table);
            let of = if tables { Items::Dicts } else { Items::Any };
            Value::List(List::new(items.iter().map(tree).collect(), of))
        }
        Toml::Table(entries) => Value::map(entries.iter().map(|(key, value)| (key, tree(value)))),
    }
}
