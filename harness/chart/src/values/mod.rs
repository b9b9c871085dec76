//! Values a user gives to a chart, and how they meet its defaults.

mod coalesce;
mod import;
mod literals;
mod set;

use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::documents;
use crate::error::Error;

pub(crate) use coalesce::{Scope, coalesce};

/// Values given by the user, combined; the chart's defaults are not in here.
///
/// Numbers from YAML are floats, those from `--set` integers, as charts see them
/// with Helm (`typeOf` shows the difference).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(pub(crate) Map<String, Json>);

impl Values {
    /// Starts combining values. Helm takes files first, then `--set-json`, `--set`, `--set-string`, `--set-file` and
    /// `--set-literal`, in whichever order they are given; here the order is the caller's.
    pub fn builder() -> ValuesBuilder {
        ValuesBuilder::default()
    }

    /// The values as JSON.
    pub fn as_json(&self) -> &Map<String, Json> {
        &self.0
    }
}

/// Combines values; whatever comes later wins, mappings are merged.
#[derive(Clone, Debug, Default)]
pub struct ValuesBuilder {
    values: Map<String, Json>,
}

impl ValuesBuilder {
    /// Adds a values file.
    ///
    /// # Errors
    /// The file cannot be read, or is no mapping.
    pub fn file(self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        self.yaml(&path.display().to_string(), &text)
    }

    /// Adds the text of a values file; `origin` names it in errors.
    ///
    /// # Errors
    /// The text is not YAML, or no mapping.
    pub fn yaml(mut self, origin: &str, text: &str) -> Result<Self, Error> {
        let failed = |message: String| Error::Values {
            origin: origin.to_owned(),
            message,
        };
        match documents::values(text).map_err(failed)? {
            Json::Null => {}
            Json::Object(values) => merge(&mut self.values, values),
            _ => return Err(failed("the values are not a mapping".into())),
        }
        Ok(self)
    }

    /// Adds values written in place.
    #[must_use]
    pub fn inline(mut self, values: Map<String, Json>) -> Self {
        if let Json::Object(values) = documents::floats(Json::Object(values)) {
            merge(&mut self.values, values);
        }
        self
    }

    /// `--set a.b=1,c[0]=x`: types are guessed as Helm does.
    ///
    /// # Errors
    /// The expression cannot be read.
    pub fn set(self, expression: &str) -> Result<Self, Error> {
        self.applied("--set", expression, set::Mode::Typed)
    }

    /// `--set-string`: as [`set`](Self::set), all values are text.
    ///
    /// # Errors
    /// The expression cannot be read.
    pub fn set_string(self, expression: &str) -> Result<Self, Error> {
        self.applied("--set-string", expression, set::Mode::Text)
    }

    /// `--set-literal a.b=text`: the value is all that follows, as it stands.
    ///
    /// # Errors
    /// The expression cannot be read.
    pub fn set_literal(self, expression: &str) -> Result<Self, Error> {
        self.applied("--set-literal", expression, set::Mode::Literal)
    }

    /// `--set-json a.b={"x": 1},c=[2]`, or one object that is merged with the values.
    ///
    /// # Errors
    /// A path or the JSON cannot be read.
    pub fn set_json(self, expression: &str) -> Result<Self, Error> {
        if !expression.trim_start().starts_with('{') {
            return self.applied("--set-json", expression, set::Mode::Json);
        }
        let values = serde_json::from_str(expression).map_err(|error| option("--set-json", expression, error.to_string()))?;
        Ok(self.inline(values))
    }

    /// `--set-file a.b=file`: the value is the file's text.
    ///
    /// # Errors
    /// A file or the expression cannot be read.
    pub fn set_file(self, expression: &str) -> Result<Self, Error> {
        self.applied("--set-file", expression, set::Mode::File)
    }

    fn applied(mut self, name: &str, expression: &str, mode: set::Mode) -> Result<Self, Error> {
        set::apply(&mut self.values, expression, mode).map_err(|message| option(name, expression, message))?;
        Ok(self)
    }

    /// The combined values.
    pub fn build(self) -> Values {
        Values(self.values)
    }
}

fn option(name: &str, text: &str, message: String) -> Error {
    Error::Values {
        origin: format!("{name} {text}"),
        message,
    }
}

/// Merges mappings; a null replaces whatever was there and takes effect when the
/// chart's defaults are added.
pub(crate) fn merge(target: &mut Map<String, Json>, source: Map<String, Json>) {
    for (key, value) in source {
        match (target.get_mut(&key), value) {
            (Some(Json::Object(inner)), Json::Object(addition)) => merge(inner, addition),
            (_, value) => {
                target.insert(key, value);
            }
        }
    }
}
