//! What a run on kind shares.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Configs, HostFacts, Kind, KindError, KindWorld};
use crate::backend::docker::Docker;
use crate::backend::ledger::State;
use crate::backend::nodes::{NodeImages, Stock};
use crate::backend::outside::{self, Outside, OutsideError, Session, check_docker, program};
use crate::backend::process::{ProcessError, Runner};
use crate::backend::{BackendError, World};

/// The oldest kind whose commands and answers are those that this was written against.
const OLDEST: (u64, u64) = (0, 20);

/// How a run on kind is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it shares with other backends.
    pub outside: outside::Settings,
    /// The `kind` program.
    pub kind: PathBuf,
    /// Where configurations and node images come from.
    pub configs: Configs,
    /// Images that clusters get.
    pub images: NodeImages,
}

impl Settings {
    /// The programs found in `PATH`, kind's own images, nothing kept. `MULTIPLANE_KIND` and `MULTIPLANE_DOCKER` name other programs.
    pub fn new(state: State) -> Self {
        Self {
            outside: outside::Settings::new(state),
            kind: program("MULTIPLANE_KIND", "kind"),
            configs: Configs::default(),
            images: NodeImages::default(),
        }
    }
}

/// What a run on kind shares. Clones are one backend.
#[derive(Clone, Debug)]
pub struct KindBackend(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) kind: PathBuf,
    pub(super) configs: Configs,
    pub(super) host: HostFacts,
    pub(super) stock: Stock,
}

impl KindBackend {
    /// Checks that kind and docker are there, and begins the run's ledger.
    ///
    /// # Errors
    /// If they are not, or nothing can be written down.
    pub async fn begin(settings: Settings, run: &str) -> Result<Self, KindError> {
        let runner = Runner::default();
        let docker = Docker::new(runner.clone(), &settings.outside.docker);
        check_docker(&docker, "kind").await?;
        check_kind(&Kind::new(runner, &settings.kind)).await?;
        settings.images.check(&docker).await?;
        let session = Session::begin(settings.outside, run)?;
        Ok(Self(Arc::new(Shared {
            kind: settings.kind,
            configs: settings.configs,
            host: HostFacts::read(),
            stock: Stock::new(settings.images, session.folder()),
            session,
        })))
    }
}

impl Outside for KindBackend {
    fn world(&self, scenario: usize, _seed: u64) -> Result<Box<dyn World>, BackendError> {
        let planes = self.0.stock.needs_planes(scenario);
        let world = KindWorld::new(self.clone(), scenario, planes).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Box::new(world))
    }

    fn session(&self) -> &Session {
        &self.0.session
    }
}

async fn check_kind(kind: &Kind) -> Result<(), KindError> {
    let found = match kind.version().await {
        Ok(found) => found,
        Err(ProcessError::Missing { .. }) => {
            return Err(KindError::Outside(OutsideError::Missing {
                backend: "kind",
                program: kind.program().display().to_string(),
                mend: "install it from https://kind.sigs.k8s.io, or name it in MULTIPLANE_KIND",
            }));
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
