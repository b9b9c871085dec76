//! What one run has outside of this process.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Belongings, OutsideError};
use crate::backend::docker::Docker;
use crate::backend::gc::Remover;
use crate::backend::ledger::{Ledger, LedgerError, Resource, State, create_private};
use crate::backend::process::{ProcessError, Runner};

/// Creations side by side above which a machine only gets slower.
const MOST_AT_ONCE: usize = 6;

/// When clusters outlive their scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Never.
    #[default]
    Never,
    /// If it did not pass.
    Failed,
    /// Always.
    Always,
}

/// How a run with clusters outside of this process is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `docker` program.
    pub docker: PathBuf,
    /// When clusters are kept.
    pub keep: Keep,
    /// Where ledgers, kubeconfigs and logs go.
    pub state: State,
}

impl Settings {
    /// The program found in `PATH`, nothing kept. `MULTIPLANE_DOCKER` names another program.
    pub fn new(state: State) -> Self {
        Self {
            docker: program("MULTIPLANE_DOCKER", "docker"),
            keep: Keep::default(),
            state,
        }
    }
}

/// The program that a variable names, else the one of this name in `PATH`.
pub(crate) fn program(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from)
}

/// What one run has outside. Clones share it.
#[derive(Clone, Debug)]
pub struct Session(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    ledger: Ledger,
    folder: PathBuf,
    permits: Semaphore,
}

impl Session {
    /// Begins the run's ledger and makes its folder.
    ///
    /// # Errors
    /// If nothing can be written down.
    pub fn begin(settings: Settings, run: &str) -> Result<Self, OutsideError> {
        let ledger = Ledger::begin(&settings.state, run)?;
        let folder = settings.state.run(run);
        ledger.announce(&Resource::folder(&folder))?;
        create_private(&folder).map_err(|error| OutsideError::File {
            file: folder.clone(),
            error,
        })?;
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self(Arc::new(Shared {
            settings,
            ledger,
            folder,
            permits: Semaphore::new(cores.clamp(2, MOST_AT_ONCE)),
        })))
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The folder of the run's files.
    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Creations at one time, over all scenarios.
    pub(crate) fn permits(&self) -> &Semaphore {
        &self.0.permits
    }

    /// What the run's scenario with this number is going to have.
    pub(crate) fn scenario(&self, number: usize) -> Result<Belongings, OutsideError> {
        Belongings::new(self.clone(), number)
    }

    /// Where the logs of a scenario's clusters go.
    pub(crate) fn logs(&self, scenario: usize) -> PathBuf {
        self.0.settings.state.logs(self.0.ledger.run()).join(scenario.to_string())
    }

    /// Ends the run: removes its folder, unless something was kept, and its ledger, unless something is left. Returns what is left.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    pub async fn end(&self) -> Result<Vec<String>, LedgerError> {
        let folder = Resource::folder(&self.0.folder);
        // Kubeconfigs of clusters that are still there stay with them.
        if self.0.ledger.standing() != [folder.clone()] {
            if self.0.ledger.keeps() {
                self.0.ledger.keep(&folder)?;
            }
            return Ok(Vec::new());
        }
        let remover = Remover::new(Runner::default(), &self.0.settings.docker);
        match remover.remove(&folder).await {
            Ok(()) => {
                self.0.ledger.strike(&folder)?;
                self.0.ledger.end()?;
                Ok(Vec::new())
            }
            Err(error) => Ok(vec![error.left(&folder)]),
        }
    }
}

/// Checks that there is a docker, and that it answers.
pub(crate) async fn check_docker(docker: &Docker, backend: &'static str) -> Result<(), OutsideError> {
    match docker.server_version().await {
        Ok(_) => Ok(()),
        Err(ProcessError::Missing { program }) => Err(OutsideError::Missing {
            backend,
            program,
            mend: "install docker, or name it in MULTIPLANE_DOCKER",
        }),
        Err(error) => Err(OutsideError::Docker(error)),
    }
}
