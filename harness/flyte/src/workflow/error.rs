//! What can be wrong with a workflow file.

use yaml::{Diagnostic, Span};

/// A workflow file that cannot be used, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkflowFileError {
    /// Not YAML, or not of the form of a workflow file.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
    /// A reference leads nowhere, or a value does not fit.
    #[error("line {}, column {}: {message}", span.line, span.column)]
    Content {
        /// Where.
        span: Span,
        /// What is wrong.
        message: String,
    },
}

impl WorkflowFileError {
    pub(super) fn at(span: Span, message: impl Into<String>) -> Self {
        Self::Content {
            span,
            message: message.into(),
        }
    }

    /// The error as a diagnostic on `file`.
    #[must_use]
    pub fn diagnostic(&self, file: &str) -> Diagnostic {
        match self {
            Self::Yaml(error) => error.diagnostic(file),
            Self::Content { span, message } => Diagnostic::error("workflow-file", message).at(file, *span),
        }
    }
}
