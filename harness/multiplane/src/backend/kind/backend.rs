//! What a run on kind shares.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::images::Images;
use super::{Configs, HostFacts, Kind, KindError, KindWorld};
use crate::backend::docker::Docker;
use crate::backend::gc::{RemoveError, Remover};
use crate::backend::ledger::{Ledger, LedgerError, Resource, State, create_private};
use crate::backend::process::{ProcessError, Runner};

/// The oldest kind whose commands and answers are those that this was written against.
const OLDEST: (u64, u64) = (0, 20);
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

/// How a run on kind is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `kind` program.
    pub kind: PathBuf,
    /// The `docker` program.
    pub docker: PathBuf,
    /// Where configurations and node images come from.
    pub configs: Configs,
    /// Images that every cluster gets: archives, or names of local images.
    pub images: Vec<String>,
    /// When clusters are kept.
    pub keep: Keep,
    /// Where ledgers, kubeconfigs and logs go.
    pub state: State,
}

impl Settings {
    /// The programs found in `PATH`, kind's own images, nothing kept. `MULTIPLANE_KIND` and `MULTIPLANE_DOCKER` name other programs.
    pub fn new(state: State) -> Self {
        let program = |variable: &str, name: &str| std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from);
        Self {
            kind: program("MULTIPLANE_KIND", "kind"),
            docker: program("MULTIPLANE_DOCKER", "docker"),
            configs: Configs::default(),
            images: Vec::new(),
            keep: Keep::default(),
            state,
        }
    }
}

/// What a run on kind shares. Clones are one backend.
#[derive(Clone, Debug)]
pub struct KindBackend(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) host: HostFacts,
    pub(super) ledger: Ledger,
    pub(super) folder: PathBuf,
    pub(super) images: Images,
    /// Creations at one time, over all scenarios.
    pub(super) permits: Semaphore,
}

impl KindBackend {
    /// Checks that kind and docker are there, and begins the run's ledger.
    ///
    /// # Errors
    /// If they are not, or nothing can be written down.
    pub async fn begin(settings: Settings, run: &str) -> Result<Self, KindError> {
        let runner = Runner::default();
        check_docker(&Docker::new(runner.clone(), &settings.docker)).await?;
        check_kind(&Kind::new(runner, &settings.kind)).await?;
        let ledger = Ledger::begin(&settings.state, run)?;
        let folder = settings.state.run(run);
        ledger.announce(&Resource::folder(&folder))?;
        create_private(&folder).map_err(|error| KindError::File {
            file: folder.clone(),
            error,
        })?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Shared {
            host: HostFacts::read(),
            images: Images::new(settings.images.clone(), &folder),
            permits: Semaphore::new(cores.clamp(2, MOST_AT_ONCE)),
            settings,
            ledger,
            folder,
        })))
    }

    /// The world of the run's scenario with this number.
    ///
    /// # Errors
    /// If its folder cannot be made.
    pub fn world(&self, scenario: usize) -> Result<KindWorld, KindError> {
        KindWorld::new(self.clone(), scenario)
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
            Err(error) => Ok(vec![left(&folder, &error)]),
        }
    }

    /// Where the logs of a scenario's clusters go.
    pub(super) fn logs(&self, scenario: usize) -> PathBuf {
        self.0.settings.state.logs(self.0.ledger.run()).join(scenario.to_string())
    }
}

/// One line on what could not be removed.
pub(super) fn left(resource: &Resource, error: &RemoveError) -> String {
    format!("{resource} is left over: {error}")
}

async fn check_docker(docker: &Docker) -> Result<(), KindError> {
    match docker.server_version().await {
        Ok(_) => Ok(()),
        Err(ProcessError::Missing { .. }) => Err(missing(docker.program(), "install docker, or name it in MULTIPLANE_DOCKER")),
        Err(error) => Err(KindError::Docker(error)),
    }
}

async fn check_kind(kind: &Kind) -> Result<(), KindError> {
    let found = match kind.version().await {
        Ok(found) => found,
        Err(ProcessError::Missing { .. }) => {
            let mend = "install it from https://kind.sigs.k8s.io, or name it in MULTIPLANE_KIND";
            return Err(missing(kind.program(), mend));
        }
        Err(error) => return Err(KindError::of(error)),
    };
    let mut numbers = found.split('.').map_while(|number| number.parse().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < OLDEST {
        return Err(KindError::Version { found, needed: "0.20" });
    }
    Ok(())
}

fn missing(program: &Path, mend: &'static str) -> KindError {
    KindError::Missing {
        program: program.display().to_string(),
        mend,
    }
}
