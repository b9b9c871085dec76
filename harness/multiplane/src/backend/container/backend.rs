//! What a run on containers shares.

use std::sync::Arc;

use super::{ContainerError, ContainerWorld};
use crate::backend::docker::{Docker, check_engine};
use crate::backend::ledger::State;
use crate::backend::outside::{self, Outside, Session, check_docker};
use crate::backend::process::Runner;
use crate::backend::{BackendError, World, node_image};

/// How a run on containers is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it shares with other backends.
    pub outside: outside::Settings,
    /// The image of a cluster's machine.
    pub image: String,
}

impl Settings {
    /// The image of `make images`, nothing kept. `MULTIPLANE_IMAGE` names another image.
    pub fn new(state: State) -> Self {
        Self {
            outside: outside::Settings::new(state),
            image: node_image(),
        }
    }
}

/// What a run on containers shares. Clones are one backend.
#[derive(Clone, Debug)]
pub struct ContainerBackend(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) image: String,
}

impl ContainerBackend {
    /// Checks that docker and the image are there, and begins the run's ledger.
    ///
    /// # Errors
    /// If they are not, or nothing can be written down.
    pub async fn begin(settings: Settings, run: &str) -> Result<Self, ContainerError> {
        let docker = Docker::new(Runner::default(), &settings.outside.docker);
        check_docker(&docker, "container").await?;
        check_engine(&docker).await?;
        check_image(&docker, &settings.image).await?;
        Ok(Self(Arc::new(Shared {
            session: Session::begin(settings.outside, run)?,
            image: settings.image,
        })))
    }
}

impl Outside for ContainerBackend {
    fn world(&self, scenario: usize, seed: u64) -> Result<Box<dyn World>, BackendError> {
        let world = ContainerWorld::new(self, scenario, seed).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Box::new(world))
    }

    fn session(&self) -> &Session {
        &self.0.session
    }
}

/// The image must be there: testcontainers would try to pull it.
async fn check_image(docker: &Docker, image: &str) -> Result<(), ContainerError> {
    docker
        .image_id(image)
        .await
        .map(drop)
        .map_err(|_| ContainerError::NoImage(image.to_owned()))
}
