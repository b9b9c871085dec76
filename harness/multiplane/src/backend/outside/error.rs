//! Why nothing can be made outside of this process.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::backend::ledger::LedgerError;
use crate::backend::process::ProcessError;

/// Why nothing can be made outside of this process.
#[derive(Debug, Error)]
pub enum OutsideError {
    /// A program is not there.
    #[error("the backend {backend} needs `{program}`, which is not there: {mend}")]
    Missing {
        /// The backend.
        backend: &'static str,
        /// The program.
        program: String,
        /// What to do about it.
        mend: &'static str,
    },
    /// Docker does not answer.
    #[error("docker does not answer: {0}\nstart the docker daemon, or let DOCKER_HOST name the right one")]
    Docker(ProcessError),
    /// The ledger cannot be kept.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file cannot be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

impl OutsideError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "program-missing",
            Self::Docker(_) => "docker-down",
            Self::Ledger(_) => "ledger",
            Self::File { .. } => "state-file",
        }
    }
}
