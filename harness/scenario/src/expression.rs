//! Expressions: `${{ clusters.dataplane_1.api.pods }}` inside a value.
//!
//! | expression | value |
//! |---|---|
//! | `vars.<name>` | a value of the scenario's `vars`, or of the cell of its `matrix` |
//! | `each.<name>` | the value for which a `for` repeats its steps |
//! | `namespaces.<name>` | the name, in the clusters, of a namespace of the scenario's own |
//! | `steps.<id>.<output>` | what an earlier step found; `.<cluster>` behind it if the step ran on several |
//! | `steps.<id>.cluster` | of a `submit`: the cluster in which its executions were seen, if it is one |
//! | `clusters.<id>.api.pods` | URL of the cluster's API server as pods of other clusters reach it |
//! | `clusters.<id>.api.host` | URL of the cluster's API server as this machine reaches it |
//! | `clusters.<id>.ingress.pods` | `host:port` of the cluster's Ingress (TLS) as pods of other clusters reach it |
//! | `clusters.<id>.services['<namespace>/<name>:<port>'].pods` | `host:port` of a Service as pods of other clusters reach it |
//! | `run.id`, `run.seed` | the run's id and seed |
//!
//! The first three are known when the file is read, and may stand in any value of it. The others are known when a step runs, and stand where
//! the step says so. All names are known before the first step, so a misspelt one is found by the check.
//!
//! A value that is one expression and nothing else has the expression's type: a number, a list. Among other text it becomes text. Those of
//! `clusters`, `namespaces` and `run` are texts.

mod bindings;
mod known;
mod parse;
mod text;

pub use bindings::{Bindings, Unknown};
pub use known::{Known, OutputType, Outputs};
pub use parse::{Data, Expression, Output, Source, Vantage};
pub(crate) use text::in_text;
pub use text::{Found, OPEN, find, interpolate, interpolate_text, interpolate_value};

use std::ops::Range;

use serde_json::Value;

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

impl ExpressionError {
    pub(crate) fn of(found: &Found<'_>, Unknown { message, help }: Unknown) -> Self {
        Self {
            range: found.range.clone(),
            message,
            help,
        }
    }
}

/// Gives expressions their values when a step runs.
pub trait Names {
    /// The value.
    ///
    /// # Errors
    /// Why there is none, for example a Service that is not there (yet).
    fn resolve(&self, expression: &Expression) -> Result<Value, String>;
}

#[cfg(test)]
mod tests;
