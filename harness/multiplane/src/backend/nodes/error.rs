//! Why a cluster with real nodes is not as it should be.

use std::io;
use std::path::Path;

use thiserror::Error;

use crate::backend::outside::OutsideError;
use crate::backend::process::ProcessError;

/// Why a cluster with real nodes is not as it should be.
#[derive(Debug, Error)]
pub enum NodesError {
    /// What it shares with other backends failed.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A command failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The cluster does not become ready.
    #[error("{cluster} is not ready: {message}")]
    NotReady {
        /// The cluster's name.
        cluster: String,
        /// What is missing.
        message: String,
    },
    /// The image of the reference planes is not there.
    #[error("the reference planes run from the image {image}, which is not there: `make images` makes it ({error})")]
    NoPlanes {
        /// The image.
        image: String,
        /// What docker says.
        error: String,
    },
    /// An image's archive is not as docker writes it.
    #[error("the archive of {image} cannot be used: {message}")]
    Archive {
        /// The image.
        image: String,
        /// What is wrong.
        message: String,
    },
    /// Images could not be brought into the nodes.
    #[error("{message}")]
    Import {
        /// What happened.
        message: String,
        /// Whether another attempt may succeed.
        retry: bool,
    },
    /// What belongs into each cluster could not be put there.
    #[error("{cluster}: {message}")]
    Resident {
        /// The cluster's name.
        cluster: String,
        /// What happened.
        message: String,
    },
    /// An image is not what it was a moment ago.
    #[error("image {0} was changed while it was saved; run again")]
    ImageMoved(String),
}

impl NodesError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Outside(error) => error.code(),
            Self::Process(error) => error.code(),
            Self::NotReady { .. } => "cluster-not-ready",
            Self::NoPlanes { .. } => "no-planes",
            Self::Archive { .. } => "image-archive",
            Self::Import { .. } => "image-import",
            Self::Resident { .. } => "resident",
            Self::ImageMoved(_) => "image-moved",
        }
    }

    /// Whether another attempt may succeed.
    pub(crate) fn retry(&self) -> bool {
        matches!(self, Self::NotReady { .. } | Self::Import { retry: true, .. })
    }

    /// A file of the run's that cannot be written.
    pub(crate) fn file(file: &Path, error: io::Error) -> Self {
        Self::Outside(OutsideError::File {
            file: file.to_owned(),
            error,
        })
    }
}
