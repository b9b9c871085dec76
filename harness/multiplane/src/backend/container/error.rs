//! Why the container backend failed.

use thiserror::Error;

use crate::backend::docker::EngineError;
use crate::backend::ledger::LedgerError;
use crate::backend::outside::OutsideError;
use crate::backend::process::ProcessError;

/// Why the container backend failed.
#[derive(Debug, Error)]
pub enum ContainerError {
    /// What it shares with other backends failed.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The engine cannot be used.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The image is not there.
    #[error("there is no image {0}: `make images` builds it without pulling anything, MULTIPLANE_IMAGE names another")]
    NoImage(String),
    /// The world's certificate authority cannot be made.
    #[error("no certificate authority: {0}")]
    Authority(String),
    /// A command failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A container does not come up.
    #[error("{message}{}", tail(.log))]
    Start {
        /// What happened.
        message: String,
        /// What the container said.
        log: String,
    },
    /// The cluster in a container cannot be used.
    #[error("{0}")]
    Cluster(String),
}

impl ContainerError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Outside(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::NoImage(_) => "container-no-image",
            Self::Authority(_) => "container-authority",
            Self::Process(error) => error.code(),
            Self::Start { .. } => "container-start",
            Self::Cluster(_) => "container-cluster",
        }
    }
}

impl From<LedgerError> for ContainerError {
    fn from(error: LedgerError) -> Self {
        Self::Outside(error.into())
    }
}

/// The end of a log, below a message.
fn tail(log: &str) -> String {
    const LINES: usize = 12;
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = &lines[lines.len().saturating_sub(LINES)..];
    shown.iter().map(|line| format!("\n  | {line}")).collect()
}
