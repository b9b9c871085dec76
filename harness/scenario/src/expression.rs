//! Expressions: `${{ clusters.dataplane_1.api.pods }}` inside a value.
//!
//! | expression | value |
//! |---|---|
//! | `clusters.<id>.api.pods` | URL of the cluster's API server as pods of other clusters reach it |
//! | `clusters.<id>.api.host` | URL of the cluster's API server as this machine reaches it |
//! | `clusters.<id>.ingress.pods` | `host:port` of the cluster's Ingress (TLS) as pods of other clusters reach it |
//! | `clusters.<id>.services['<namespace>/<name>:<port>'].pods` | `host:port` of a Service as pods of other clusters reach it |
//! | `vars.<name>` | a text of the scenario's `vars` |
//! | `run.id`, `run.seed` | the run's id and seed |
//!
//! All of them are texts. Names are fixed before the first step, so a misspelt one is found by the check.

mod parse;
mod text;

pub use parse::{Expression, Vantage};
pub(crate) use text::OPEN;
pub use text::{Found, find, interpolate, interpolate_value};

use std::ops::Range;

use crate::ClusterId;

/// What is wrong with an expression; `range` is in bytes of the text it stands in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// Which part.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Gives expressions their values when a step runs.
pub trait Names {
    /// The value.
    ///
    /// # Errors
    /// Why there is none, for example a Service that is not there (yet).
    fn resolve(&self, expression: &Expression) -> Result<String, String>;
}

/// The names that a scenario defines, for checks before anything runs.
#[derive(Clone, Debug, Default)]
pub struct Known<'s> {
    /// Cluster ids.
    pub clusters: Vec<&'s ClusterId>,
    /// Names of `vars`.
    pub vars: Vec<&'s String>,
}

impl Known<'_> {
    /// Whether an expression's names exist.
    ///
    /// # Errors
    /// An unknown cluster or variable, with a suggestion.
    pub fn check(&self, found: &Found<'_>) -> Result<(), ExpressionError> {
        let unknown = |kind: &str, name: &str, known: &[&String]| ExpressionError {
            range: found.range.clone(),
            message: format!("unknown {kind} `{name}`"),
            help: Some(yaml::suggest::help(name, known)),
        };
        match (&found.expression, found.expression.cluster()) {
            (_, Some(id)) if !self.clusters.contains(&id) => Err(unknown("cluster", id, &self.clusters)),
            (Expression::Var(name), _) if !self.vars.contains(&name) => Err(unknown("variable", name, &self.vars)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
