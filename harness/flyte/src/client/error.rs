//! What a call can fail with.

use tonic::{Code, Status};

use crate::task::LiteralError;
use crate::workflow::WorkflowFileError;

/// A call that the control plane refused, or that could not be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// The control plane's refusal, or `Unavailable` if it could not be reached.
    #[error("{code:?}: {message}")]
    Refused {
        /// The gRPC code.
        code: Code,
        /// The message.
        message: String,
    },
    /// The workflow file cannot be registered.
    #[error(transparent)]
    Workflows(#[from] WorkflowFileError),
    /// An input does not have the declared type.
    #[error("input `{input}`: {source}")]
    Input {
        /// Name of the input.
        input: String,
        /// What is wrong.
        source: LiteralError,
    },
    /// There is no such input.
    #[error("`{target}` has no input `{input}`")]
    UnknownInput {
        /// What is run.
        target: String,
        /// Name of the input.
        input: String,
    },
    /// Nothing of this name is registered.
    #[error("no version of {kind} `{name}` is registered")]
    NotRegistered {
        /// Launch plan or task.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

impl ClientError {
    /// The gRPC code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        Self::Refused {
            code: status.code(),
            message: status.message().to_owned(),
        }
    }
}
