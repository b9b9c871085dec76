//! Why there are no clusters of this machine's programs.

use binaries::{NotFound, StartError};
use thiserror::Error;

use crate::backend::outside::OutsideError;
use crate::backend::surroundings::Fault;

/// Why there are no clusters of this machine's programs.
#[derive(Debug, Error)]
pub enum BinariesError {
    /// A program is not there.
    #[error("the backend binaries needs etcd and kube-apiserver: {0}\n{mend}", mend = .0.mend())]
    NotFound(#[from] NotFound),
    /// Nothing can be made outside of this process.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The control plane did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// What stands round it did not start.
    #[error("{0}")]
    Around(Fault),
}

impl BinariesError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(error) => error.code(),
            Self::Outside(error) => error.code(),
            Self::Start(error) => error.code(),
            Self::Around(_) => "surroundings",
        }
    }
}
