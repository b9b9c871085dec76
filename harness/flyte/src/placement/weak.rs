//! Weakly typed values: what flyteadmin's config decoder (mapstructure in weak mode) makes of a YAML scalar.
//!
//! Strings convert to numbers and booleans, numbers to strings; an absent value is zero. What does not convert stops
//! the process.

use serde_json::{Map, Value};

use super::{ConfigError, GoDuration};

/// A mapping of the configuration with its path, for messages. Keys are found whatever their case.
pub(super) struct Fields<'a> {
    map: Option<&'a Map<String, Value>>,
    path: String,
}

impl<'a> Fields<'a> {
    /// The fields of `value`; null counts as an empty mapping.
    pub(super) fn of(value: &'a Value, path: impl Into<String>) -> Result<Self, ConfigError> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self { map: Some(map), path }),
            Value::Null => Ok(Self { map: None, path }),
            other => Err(wrong(&path, "a mapping", other)),
        }
    }

    /// The value of `key`: exact spelling first, then any case. Null counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        let map = self.map?;
        map.get(key)
            .or_else(|| map.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value))
            .filter(|value| !value.is_null())
    }

    /// Path of `key`, for messages.
    pub(super) fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    /// Decodes `key` with `decode`; zero if absent.
    pub(super) fn decode<T: Default>(&self, key: &str, decode: impl Fn(&Value, &str) -> Result<T, ConfigError>) -> Result<T, ConfigError> {
        match self.get(key) {
            Some(value) => decode(value, &self.path(key)),
            None => Ok(T::default()),
        }
    }
}

/// A list; a lone value counts as a list of one, an empty mapping as an empty list.
pub(super) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) if map.is_empty() => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        other => vec![other],
    }
}

pub(super) fn string(value: &Value, path: &str) -> Result<String, ConfigError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(u8::from(*flag).to_string()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(wrong(path, "a string", other)),
    }
}

pub(super) fn boolean(value: &Value, path: &str) -> Result<bool, ConfigError> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        Value::String(text) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(wrong(path, "a boolean", value)),
        },
        other => Err(wrong(path, "a boolean", other)),
    }
}

/// Rounds to float32, as the field of the upstream structure does.
pub(super) fn float32(value: &Value, path: &str) -> Result<f32, ConfigError> {
    let parsed = match value {
        Value::Number(number) => number.as_f64().map(|number| number as f32),
        Value::Bool(flag) => Some(f32::from(u8::from(*flag))),
        Value::String(text) if text.is_empty() => Some(0.0),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| wrong(path, "a number", value))
}

pub(super) fn integer(value: &Value, path: &str) -> Result<i32, ConfigError> {
    let parsed = match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|number| number as i64))
            .and_then(|number| i32::try_from(number).ok()),
        Value::Bool(flag) => Some(i32::from(*flag)),
        Value::String(text) if text.is_empty() => Some(0),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    parsed.ok_or_else(|| wrong(path, "an integer", value))
}

/// A duration: text with units, or a number of nanoseconds.
pub(super) fn duration(value: &Value, path: &str) -> Result<GoDuration, ConfigError> {
    let parsed = match value {
        Value::String(text) if text.is_empty() => Some(GoDuration::default()),
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_f64().map(|nanos| GoDuration::from_nanos(nanos as i64)),
        _ => None,
    };
    parsed.ok_or_else(|| wrong(path, "a duration such as 30s", value))
}

fn wrong(path: &str, expected: &'static str, found: &Value) -> ConfigError {
    ConfigError::Type {
        path: path.to_owned(),
        expected,
        found: found.to_string(),
    }
}
