//! Reading values out of the merged tree, with viper's lenient conversions.

use std::time::Duration;

use serde_json::Value;

use super::ConfigError;
use crate::placement::GoDuration;

/// A place in the configuration, present or not. Unknown keys are never looked at, as in Flyte.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Section<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self {
            path: String::new(),
            value: Some(value),
        }
    }

    /// The value at `key`, whatever its case.
    #[must_use]
    pub fn child(&self, key: &str) -> Self {
        let value = self
            .entries()
            .into_iter()
            .find_map(|(name, section)| name.eq_ignore_ascii_case(key).then_some(section.value)?);
        Self {
            path: self.path_of(key),
            value,
        }
    }

    /// The value as it stands in the merged tree.
    #[must_use]
    pub fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// Whether there is a value other than null.
    #[must_use]
    pub fn present(&self) -> bool {
        self.value.is_some_and(|value| !value.is_null())
    }

    /// The entries of a map, in the order of their keys. A list of maps counts as one map, which is how
    /// Flyte's charts keep capitals in keys.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'a str, Section<'a>)> {
        match self.value {
            Some(Value::Object(map)) => map.iter().map(|(key, value)| (key.as_str(), self.at(key, value))).collect(),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_object)
                .flatten()
                .map(|(key, value)| (key.as_str(), self.at(key, value)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The items of a list; empty if absent.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if there is something that is not a list.
    pub fn items(&self) -> Result<Vec<Section<'a>>, ConfigError> {
        match self.value {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, value)| self.at(&index.to_string(), value))
                .collect()),
            Some(_) => Err(self.error("expected a list")),
        }
    }

    /// A string; numbers and booleans are converted, absent reads as empty.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a list or map.
    pub fn string(&self) -> Result<String, ConfigError> {
        match self.value {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Some(_) => Err(self.error("expected a string")),
        }
    }

    /// A boolean; absent reads as false, strings are converted.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for anything else.
    pub fn boolean(&self) -> Result<bool, ConfigError> {
        match self.value {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
            Some(Value::String(text)) => match text.as_str() {
                "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
                "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
                _ => Err(self.error("expected a boolean")),
            },
            Some(_) => Err(self.error("expected a boolean")),
        }
    }

    /// An integer, if there is one.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if there is something else.
    pub fn integer(&self) -> Result<Option<i64>, ConfigError> {
        match self.value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => number.as_i64().map(Some).ok_or_else(|| self.error("expected an integer")),
            Some(Value::String(text)) => text.parse().map(Some).map_err(|_| self.error("expected an integer")),
            Some(_) => Err(self.error("expected an integer")),
        }
    }

    /// A TCP port, or `default`.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if there is something else.
    pub fn port(&self, default: u16) -> Result<u16, ConfigError> {
        match self.integer()? {
            None => Ok(default),
            Some(port) => u16::try_from(port).map_err(|_| self.error("expected a port")),
        }
    }

    /// A duration in Go's notation (`1m30s`), or `default`.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if there is something else.
    pub fn duration(&self, default: Duration) -> Result<Duration, ConfigError> {
        if !self.present() {
            return Ok(default);
        }
        let duration: Option<GoDuration> = self.string()?.parse().ok();
        duration
            .and_then(GoDuration::to_std)
            .ok_or_else(|| self.error("expected a duration"))
    }

    fn at(&self, key: &str, value: &'a Value) -> Self {
        Self {
            path: self.path_of(key),
            value: Some(value),
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(crate) fn error(&self, reason: &str) -> ConfigError {
        ConfigError::Value {
            key: self.path.clone(),
            reason: reason.to_owned(),
        }
    }
}
