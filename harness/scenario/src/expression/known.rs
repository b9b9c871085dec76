//! Checks of names before anything runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Bindings, Expression, ExpressionError, Found, Output, Unknown};
use crate::ClusterId;

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputType {
    /// Text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// A map.
    Map,
}

impl OutputType {
    /// With its article, for messages.
    pub fn as_str(self) -> &'static str {
        match self {
            OutputType::Text => "a text",
            OutputType::Integer => "a whole number",
            OutputType::Number => "a number",
            OutputType::Boolean => "true or false",
            OutputType::List => "a list",
            OutputType::Map => "a map",
        }
    }

    /// Whether a value is of this type.
    pub fn has(self, value: &Value) -> bool {
        match self {
            OutputType::Text => value.is_string(),
            OutputType::Integer => value.is_i64() || value.is_u64(),
            OutputType::Number => value.is_number(),
            OutputType::Boolean => value.is_boolean(),
            OutputType::List => value.is_array(),
            OutputType::Map => value.is_object(),
        }
    }

    /// Whether it can stand in a text.
    fn is_scalar(self) -> bool {
        !matches!(self, OutputType::List | OutputType::Map)
    }
}

/// What one step will have found.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// Types by the outputs' names.
    pub types: BTreeMap<String, OutputType>,
    /// The clusters that each output is of; none if outputs are not of clusters.
    pub clusters: Vec<ClusterId>,
}

/// The names that a scenario defines, as seen from one of its steps.
#[derive(Clone, Debug)]
pub struct Known<'s> {
    /// Cluster ids.
    pub clusters: Vec<&'s ClusterId>,
    /// What the file gives.
    pub bindings: &'s Bindings,
    /// The steps before, by id.
    pub steps: &'s BTreeMap<String, Outputs>,
}

impl Known<'_> {
    /// Whether an expression's names exist, and whether its value can stand there: among other text, if `in_text`.
    ///
    /// # Errors
    /// An unknown name, with a suggestion, or a list or a map in a text.
    pub fn check(&self, found: &Found<'_>, in_text: bool) -> Result<(), ExpressionError> {
        let unknown = |unknown| ExpressionError::of(found, unknown);
        match (&found.expression, found.expression.cluster()) {
            (_, Some(id)) if !self.clusters.contains(&id) => Err(unknown(Unknown {
                message: format!("unknown cluster `{id}`"),
                help: Some(yaml::suggest::help(id, &self.clusters)),
            })),
            (Expression::Data(data), _) => {
                let value = self.bindings.get(data).map_err(unknown)?;
                if in_text { super::in_text(found, value).map(drop) } else { Ok(()) }
            }
            (Expression::Output(output), _) => {
                let of = self.output(output).map_err(unknown)?;
                if in_text && !of.is_scalar() {
                    let message = format!("`{}` is {}, which cannot stand in a text", found.expression, of.as_str());
                    return Err(unknown(Unknown { message, help: None }));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn output(&self, output: &Output) -> Result<OutputType, Unknown> {
        let Output { step, name, cluster } = output;
        let outputs = self.steps.get(step).ok_or_else(|| Unknown {
            message: format!("no earlier step with outputs has the id `{step}`"),
            help: Some(yaml::suggest::help(step, &self.steps.keys().collect::<Vec<_>>())),
        })?;
        let of = outputs.types.get(name).ok_or_else(|| Unknown {
            message: format!("step `{step}` has no output `{name}`"),
            help: Some(yaml::suggest::help(name, &outputs.types.keys().collect::<Vec<_>>())),
        })?;
        match cluster {
            Some(cluster) if !outputs.clusters.contains(cluster) => Err(Unknown {
                message: format!("step `{step}` does not run on `{cluster}`"),
                help: Some(yaml::suggest::help(cluster, &outputs.clusters)),
            }),
            None if outputs.clusters.len() > 1 => Err(Unknown {
                message: format!("step `{step}` runs on {} clusters: which of them?", outputs.clusters.len()),
                help: outputs.clusters.first().map(|first| format!("write `steps.{step}.{name}.{first}`")),
            }),
            _ => Ok(*of),
        }
    }
}
