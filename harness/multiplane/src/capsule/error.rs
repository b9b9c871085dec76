//! Why a capsule cannot be made or used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a capsule cannot be made or used.
#[derive(Debug, Error)]
pub enum CapsuleError {
    /// A file of the scenario, or the capsule, cannot be read or written.
    #[error("{file}: {error}", file = file.display())]
    File {
        /// Which one.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is something else, or damaged.
    #[error("{file} is no capsule: {why}", file = file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Made by a later version.
    #[error("{file} is a capsule of format {found}; this multiplane reads format {known}: use the version that made it, {version}", file = file.display(), known = super::FORMAT)]
    Format {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The version of multiplane that made it.
        version: String,
    },
    /// The scenario in it is not valid for this version.
    #[error("the capsule's scenario is not valid here:\n{0}")]
    Scenario(String),
    /// There is nothing that a smaller scenario could still show.
    #[error("the recorded run passed: there is no failure to look for in something smaller")]
    Passed,
    /// What was held fixed cannot be held.
    #[error(transparent)]
    Pins(#[from] crate::run::PinError),
}

impl CapsuleError {
    pub(crate) fn file(file: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |error| Self::File { file, error }
    }

    pub(crate) fn form(file: impl Into<PathBuf>, why: impl ToString) -> Self {
        Self::Form {
            file: file.into(),
            why: why.to_string(),
        }
    }
}
