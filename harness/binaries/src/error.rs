//! Why a control plane did not start.

use std::path::PathBuf;

use simnet::http::HttpError;
use simnet::tls::TlsError;
use thiserror::Error;

/// Why a control plane did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A file or port could not be had.
    #[error("{what}: {error}")]
    Io {
        /// What was to be done.
        what: String,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// A certificate could not be made.
    #[error("certificates: {0}")]
    Tls(#[from] TlsError),
    /// No client of the API server could be made.
    #[error("client: {0}")]
    Client(#[from] HttpError),
    /// A program ended.
    #[error("{program} ended; the last of {}:\n{last}", log.display())]
    Ended {
        /// The program's name.
        program: String,
        /// What it wrote.
        log: PathBuf,
        /// The end of it.
        last: String,
    },
    /// A program was not ready in time.
    #[error("{program} was not ready in {seconds} s; the last of {}:\n{last}", log.display())]
    Late {
        /// The program's name.
        program: String,
        /// How long it was waited for.
        seconds: u64,
        /// What it wrote.
        log: PathBuf,
        /// The end of it.
        last: String,
    },
}

impl StartError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::Tls(_) => "certificates",
            Self::Client(_) => "client",
            Self::Ended { .. } => "program-ended",
            Self::Late { .. } => "program-late",
        }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }

    /// Whether another process took a port between the look for a free one and its use.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Ended { last, .. } if last.contains("address already in use"))
    }
}
