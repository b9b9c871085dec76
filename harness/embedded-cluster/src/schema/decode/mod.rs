//! From JSON to the object a Kubernetes API server would hold: types checked, undeclared fields dropped, zero values as
//! Go's encoding leaves them, quantities and times in canonical form.

mod json;
mod scalar;
mod walk;

pub(crate) use json::{parse, paths};
pub(crate) use walk::{check, check_change};

/// A value that does not fit its schema; the text is the one Go's decoder gives, without the
/// `X in version "v" cannot be handled as a X: ` around it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(crate) struct DecodeError {
    text: String,
    /// What Go says that converts a tree of values, rather than decode a text; strategic patches do.
    conversion: Option<String>,
}

impl DecodeError {
    fn new(text: String) -> Self {
        Self { text, conversion: None }
    }

    /// The text that a conversion of the value gives.
    pub(crate) fn of_conversion(&self) -> &str {
        self.conversion.as_deref().unwrap_or(&self.text)
    }
}
