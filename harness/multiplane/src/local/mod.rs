//! Programs of the user's own as processes of this computer, each in the place of a container.
//!
//! A pod's container that [`Locals`] has a file for runs that file: with the container's arguments and environment, its mounts at their paths, its log, its
//! stop signal and its exit code. It shares this computer's network, so that no two containers can listen on one port; what it connects to by name
//! goes through a proxy that knows the names of its cluster. Time is the computer's.

mod flytekit;
mod layout;
mod ports;
mod program;
mod space;
mod task;

use std::path::PathBuf;
use std::sync::Arc;

use flyte::stores::Stores;
use virtual_node::Programs;

use crate::backend::ledger::LedgerError;
use crate::backend::outside::Session;
use crate::backend::process::Runner;
pub use flytekit::Flytekit;
use program::LocalProgram;
pub use space::{SpaceError, check};
use task::Task;

/// The user's own programs.
#[derive(Clone, Debug, Default)]
pub struct Locals {
    /// A flyteadmin, by the path of its executable.
    flyteadmin: Option<PathBuf>,
    /// What runs tasks of Python projects.
    flytekit: Option<Flytekit>,
    session: Option<Session>,
    /// All processes that were started.
    runner: Runner,
}

impl Locals {
    /// Programs whose files, among them credentials, are in the run's folder, and whose processes are in the run's ledger, so that
    /// `multiplane gc` finds both after a SIGKILL.
    pub fn new(flyteadmin: Option<PathBuf>, flytekit: Option<Flytekit>, session: Session) -> Self {
        let ledger = session.ledger().clone();
        Self {
            flyteadmin,
            flytekit,
            session: Some(session),
            runner: Runner::telling(move |pid| drop(ledger.process(pid))),
        }
    }

    /// Ends the run, after its worlds. Returns what is left that should have gone.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub async fn end_run(&self) -> Result<Vec<String>, LedgerError> {
        match &self.session {
            Some(session) => session.end().await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether it is a flyteadmin of the user's that places executions.
    pub(crate) fn place(&self) -> bool {
        self.flyteadmin.is_some()
    }

    /// Puts them in the place of programs of this name, in the world of these stores.
    pub(crate) fn over(&self, mut programs: Programs, stores: &Stores) -> Programs {
        let Some(session) = &self.session else { return programs };
        let folder = || session.folder().to_owned();
        if let Some(file) = &self.flyteadmin {
            let program = LocalProgram::new(file.clone(), folder(), self.runner.clone());
            programs = programs.with("flyteadmin", Arc::new(program));
        }
        if let Some(flytekit) = &self.flytekit {
            for command in flytekit::COMMANDS {
                let task = Task {
                    flytekit: flytekit.clone(),
                    command,
                    stores: stores.clone(),
                    folder: folder(),
                    runner: self.runner.clone(),
                };
                programs = programs.with_command(command, Arc::new(task));
            }
        }
        programs
    }

    /// Waits until every process has ended.
    pub(crate) async fn end(&self) {
        self.runner.idle().await;
    }
}
