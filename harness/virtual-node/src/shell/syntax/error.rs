//! Why a script is not run.

/// Why a script is not run. Nothing of it has run then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxError {
    /// No shell takes it.
    #[error("syntax error: unexpected {0}")]
    Unexpected(String),
    /// It may go on in the next line.
    #[error("syntax error: unterminated {0}")]
    Unterminated(&'static str),
    /// Other shells take it; this one refuses it by name.
    #[error("{0}: not supported by this shell")]
    Unsupported(String),
}
