//! Why the kind backend failed.

use std::io;
use std::path::Path;

use thiserror::Error;

use super::Signature;
use crate::backend::ledger::LedgerError;
use crate::backend::nodes::NodesError;
use crate::backend::outside::OutsideError;
use crate::backend::process::ProcessError;

/// Why the kind backend failed.
#[derive(Debug, Error)]
pub enum KindError {
    /// What it shares with other backends failed.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// kind is too old.
    #[error("kind {found} is too old: {needed} or newer is needed")]
    Version {
        /// What is there.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// A configuration cannot be used.
    #[error("{file}: {message}")]
    Config {
        /// Its file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// No node image of a Kubernetes version is known.
    #[error(
        "cluster {cluster}: no node image for Kubernetes {version} is known; name one with --node-image {version}=IMAGE (kind's release notes list them)"
    )]
    NoImage {
        /// The cluster's id.
        cluster: String,
        /// The version.
        version: String,
    },
    /// A known failure of the environment.
    #[error("[{}] {error}\n{}", .signature.code, .signature.mend)]
    Known {
        /// Which.
        signature: &'static Signature,
        /// What kind said.
        error: String,
    },
    /// A command failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The kubeconfig that kind wrote cannot be used.
    #[error("the kubeconfig of {cluster} cannot be used: {message}")]
    Kubeconfig {
        /// The cluster's name.
        cluster: String,
        /// What is wrong.
        message: String,
    },
    /// The cluster that kind made is not as it should be.
    #[error(transparent)]
    Nodes(#[from] NodesError),
}

impl KindError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Outside(error) => error.code(),
            Self::Version { .. } => "kind-version",
            Self::Config { .. } => "kind-config",
            Self::NoImage { .. } => "kind-no-node-image",
            Self::Known { signature, .. } => signature.code,
            Self::Process(error) => error.code(),
            Self::Kubeconfig { .. } => "kind-kubeconfig",
            Self::Nodes(error) => error.code(),
        }
    }

    /// Whether another attempt may succeed.
    pub(super) fn retry(&self) -> bool {
        match self {
            Self::Known { signature, .. } => signature.retry,
            Self::Nodes(error) => error.retry(),
            _ => false,
        }
    }

    /// A file of the run's that cannot be written.
    pub(super) fn file(file: &Path, error: io::Error) -> Self {
        Self::Outside(OutsideError::File {
            file: file.to_owned(),
            error,
        })
    }

    /// The failure of a command of kind's, recognised where it is known.
    pub(super) fn of(error: ProcessError) -> Self {
        match Signature::of(error.stderr()) {
            Some(signature) => Self::Known {
                signature,
                error: error.to_string(),
            },
            None => Self::Process(error),
        }
    }
}

impl From<LedgerError> for KindError {
    fn from(error: LedgerError) -> Self {
        Self::Outside(error.into())
    }
}
