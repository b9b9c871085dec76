//! What a run on k3s shares.

use std::sync::Arc;

use super::{K3sError, K3sWorld, Tags};
use crate::backend::docker::{Docker, check_engine};
use crate::backend::nodes::{NodeImages, Stock};
use crate::backend::outside::{self, Outside, Session, check_docker};
use crate::backend::process::Runner;
use crate::backend::{BackendError, World};

/// How a run on k3s is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it shares with other backends.
    pub outside: outside::Settings,
    /// Which images nodes run.
    pub tags: Tags,
    /// Images that clusters get.
    pub images: NodeImages,
}

/// What a run on k3s shares. Clones are one backend.
#[derive(Clone, Debug)]
pub struct K3sBackend(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) tags: Tags,
    pub(super) stock: Stock,
}

impl K3sBackend {
    /// Checks that docker answers, and begins the run's ledger. Nodes' images that are missing are pulled when they are needed.
    ///
    /// # Errors
    /// If it does not, or nothing can be written down.
    pub async fn begin(settings: Settings, run: &str) -> Result<Self, K3sError> {
        let docker = Docker::new(Runner::default(), &settings.outside.docker);
        check_docker(&docker, "k3s").await?;
        check_engine(&docker).await?;
        settings.images.check(&docker).await?;
        let session = Session::begin(settings.outside, run)?;
        Ok(Self(Arc::new(Shared {
            tags: settings.tags,
            stock: Stock::new(settings.images, session.folder()),
            session,
        })))
    }
}

impl Outside for K3sBackend {
    fn world(&self, scenario: usize, _seed: u64) -> Result<Box<dyn World>, BackendError> {
        let planes = self.0.stock.needs_planes(scenario);
        let world = K3sWorld::new(self, scenario, planes).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Box::new(world))
    }

    fn session(&self) -> &Session {
        &self.0.session
    }
}
