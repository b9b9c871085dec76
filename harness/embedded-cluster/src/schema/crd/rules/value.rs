//! Values as rules see them: by their schema.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::props::Props;
use crate::cel::{self, Key, Map, Value as Cel, escaped, timed};
use crate::value::Value;

/// A value of a schema.
pub(super) fn to_cel(props: &Props, value: &Value) -> Cel {
    match value {
        Value::String(text) if !props.int_or_string => match props.format.as_str() {
            "date" => timed("timestamp", &format!("{text}T00:00:00Z")),
            "date-time" => timed("timestamp", text),
            "duration" => timed("duration", text),
            "byte" => STANDARD
                .decode(text.as_str())
                .map_or_else(|_| cel::to_cel(value), |bytes| Cel::Bytes(Arc::new(bytes))),
            _ => cel::to_cel(value),
        },
        Value::Number(number) if props.kind == "number" => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(items) => match props.items.as_deref() {
            Some(schema) => Cel::List(Arc::new(items.iter().map(|item| to_cel(schema, item)).collect())),
            None => cel::to_cel(value),
        },
        Value::Object(fields) => {
            let is_map = props.map_values().is_some();
            let convert = |(name, value): (&crate::value::Text, &Value)| {
                let known = props.properties.get(name.as_str()).or(props.map_values());
                let name = if is_map { name.as_str().into() } else { escaped(name) };
                // Nulls are fields that are not there.
                (!value.is_null()).then(|| {
                    (
                        Key::from(&*name),
                        known.map_or_else(|| cel::to_cel(value), |known| to_cel(known, value)),
                    )
                })
            };
            let fields: HashMap<Key, Cel> = fields.iter().filter_map(convert).collect();
            Cel::Map(Map { map: Arc::new(fields) })
        }
        other => cel::to_cel(other),
    }
}
