//! Where the harness keeps what must outlive a run.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Names the folder in place of the default.
const VARIABLE: &str = "MULTIPLANE_STATE";

/// There is no place for ledgers.
#[derive(Debug, Error)]
#[error("no place for the ledger of what a run makes: set {VARIABLE}, XDG_STATE_HOME or HOME to a folder's absolute path")]
pub struct StateError;

/// The folder of what must outlive a run: ledgers, kubeconfigs, logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(PathBuf);

impl State {
    /// `$MULTIPLANE_STATE`, else `$XDG_STATE_HOME/multiplane`, else `~/.local/state/multiplane`.
    ///
    /// # Errors
    /// If the environment names none.
    pub fn from_env() -> Result<Self, StateError> {
        Self::choose(|name| std::env::var_os(name).map(PathBuf::from))
    }

    fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, StateError> {
        let set = |name| variable(name).filter(|path: &PathBuf| path.is_absolute());
        let chosen = set(VARIABLE)
            .or_else(|| Some(set("XDG_STATE_HOME")?.join("multiplane")))
            .or_else(|| Some(set("HOME")?.join(".local/state/multiplane")));
        chosen.map(Self).ok_or(StateError)
    }

    /// This folder.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder of ledgers, one file a run.
    pub fn ledger(&self) -> PathBuf {
        self.0.join("ledger")
    }

    /// The folder of a run's files: kubeconfigs, configurations.
    pub fn run(&self, run: &str) -> PathBuf {
        self.0.join("runs").join(run)
    }

    /// The folder of the capsules of what failed.
    pub fn capsules(&self) -> PathBuf {
        self.0.join("capsules")
    }

    /// The folder of the logs that a run collected.
    pub fn logs(&self, run: &str) -> PathBuf {
        self.0.join("logs").join(run)
    }

    pub(super) fn create_ledger(&self) -> io::Result<()> {
        create_private(&self.ledger())
    }
}

/// Makes a folder that nobody else can read: kubeconfigs are keys.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(&[("MULTIPLANE_STATE", "/a"), ("HOME", "/h")], Some("/a"))]
    #[case(&[("MULTIPLANE_STATE", "relative"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")], Some("/x/multiplane"))]
    #[case(&[("XDG_STATE_HOME", ""), ("HOME", "/h")], Some("/h/.local/state/multiplane"))]
    #[case(&[], None)]
    fn location(#[case] variables: &[(&str, &str)], #[case] expected: Option<&str>) {
        let variable = |wanted: &str| {
            variables
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| PathBuf::from(value))
        };
        assert_eq!(State::choose(variable).ok(), expected.map(State::at));
    }
}
