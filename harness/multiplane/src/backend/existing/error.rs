//! Why clusters that are there already cannot be used, or are not as they were.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::backend::ledger::LedgerError;
use crate::backend::outside::OutsideError;
use crate::causes::causes;

/// Why clusters that are there already cannot be used, or are not as they were.
#[derive(Debug, Error)]
pub enum ExistingError {
    /// Nothing can be written down.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A file of the run's.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// Credentials that cannot be used.
    #[error("context {0}: {1}")]
    Credentials(String, String),
    /// In one of the clusters.
    #[error("{cluster} (context {context}): {error}")]
    Of {
        /// The cluster's id.
        cluster: String,
        /// Its context.
        context: String,
        /// What happened.
        error: Box<Self>,
    },
    /// The API server refuses, or is not reached.
    #[error("cannot {what}: {}", causes(error))]
    Api {
        /// What was to be done.
        what: &'static str,
        /// What was said.
        error: Box<kube::Error>,
    },
    /// A cluster is not to be touched.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// Another run has the cluster.
    #[error(
        "run {holder} has it. Wait for that run; if it is dead, `multiplane gc` on its machine cleans up and frees the cluster, or, with that \
         machine gone: {free}"
    )]
    Taken {
        /// The run that has it.
        holder: String,
        /// The command that frees it.
        free: String,
    },
    /// Something that the run made cannot be removed.
    #[error("context {context}: {what}")]
    Remains {
        /// The context.
        context: String,
        /// What is there, and why.
        what: String,
    },
    /// All that the run made is gone, but the cluster is not as it was.
    #[error(
        "context {context} is not as it was: {} came during the run, and was not made by multiplane itself but by what it deployed, or by others; \
         look, and remove what is not wanted", new.join(", ")
    )]
    Differs {
        /// The context.
        context: String,
        /// What is new.
        new: Vec<String>,
    },
}

impl ExistingError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Outside(error) => error.code(),
            Self::File { .. } => "existing-file",
            Self::Credentials(..) => "existing-credentials",
            Self::Of { error, .. } => error.code(),
            Self::Api { .. } => "existing-api",
            Self::Refused(_) => "existing-refused",
            Self::Taken { .. } => "existing-taken",
            Self::Remains { .. } => "existing-remains",
            Self::Differs { .. } => "existing-differs",
        }
    }

    /// A request that failed.
    pub(super) fn api(what: &'static str) -> impl Fn(kube::Error) -> Self {
        move |error| Self::Api {
            what,
            error: Box::new(error),
        }
    }

    /// A file that cannot be read or written.
    pub(super) fn file(file: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File {
            file: file.to_owned(),
            error,
        }
    }

    pub(super) fn remains(context: &str, what: &str) -> Self {
        Self::Remains {
            context: context.to_owned(),
            what: what.to_owned(),
        }
    }
}

impl From<LedgerError> for ExistingError {
    fn from(error: LedgerError) -> Self {
        Self::Outside(error.into())
    }
}
