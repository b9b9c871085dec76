//! Programs of the user's own as processes of this computer, each in the place of a container.
//!
//! A pod's container that [`Locals`] has a file for runs that file: with the container's arguments and environment, its mounts at their paths, its log, its
//! stop signal and its exit code. It shares this computer's network, so that no two containers can listen on one port; what it connects to by name
//! goes through a proxy that knows the names of its cluster. Time is the computer's.

mod layout;
mod ports;
mod program;
mod space;

use std::path::PathBuf;
use std::sync::Arc;

use virtual_node::Programs;

use crate::backend::ledger::LedgerError;
use crate::backend::outside::Session;
use crate::backend::process::Runner;
use program::LocalProgram;
pub use space::{SpaceError, check};

/// The user's own programs.
#[derive(Clone, Debug, Default)]
pub struct Locals {
    flyteadmin: Option<(PathBuf, Session)>,
    /// All processes that were started.
    runner: Runner,
}

impl Locals {
    /// A flyteadmin, by the path of its executable. Its files, among them credentials, are in the run's folder, and its processes in the run's
    /// ledger, so that `multiplane gc` finds both after a SIGKILL.
    pub fn flyteadmin(file: PathBuf, session: Session) -> Self {
        let ledger = session.ledger().clone();
        Self {
            flyteadmin: Some((file, session)),
            runner: Runner::telling(move |pid| drop(ledger.process(pid))),
        }
    }

    /// Ends the run, after its worlds. Returns what is left that should have gone.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub async fn end_run(&self) -> Result<Vec<String>, LedgerError> {
        match &self.flyteadmin {
            Some((_, session)) => session.end().await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether it is a flyteadmin of the user's that places executions.
    pub(crate) fn place(&self) -> bool {
        self.flyteadmin.is_some()
    }

    /// Puts them in the place of programs of this name.
    pub(crate) fn over(&self, programs: Programs) -> Programs {
        let Some((file, session)) = &self.flyteadmin else { return programs };
        let program = LocalProgram::new(file.clone(), session.folder().to_owned(), self.runner.clone());
        programs.with("flyteadmin", Arc::new(program))
    }

    /// Waits until every process has ended.
    pub(crate) async fn end(&self) {
        self.runner.idle().await;
    }
}
