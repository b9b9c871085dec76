//! What a run on containers shares.

use std::sync::Arc;

use testcontainers::bollard::errors::Error;
use testcontainers::core::client::docker_client_instance;

use super::{ContainerError, ContainerWorld};
use crate::backend::docker::Docker;
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
        check_engine(&docker, &settings.image).await?;
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

/// The engine that testcontainers finds must be the one of the `docker` command, which removes what the other made. It must have the image:
/// testcontainers would try to pull it.
async fn check_engine(docker: &Docker, image: &str) -> Result<(), ContainerError> {
    let silent = |error: &dyn std::fmt::Display| ContainerError::Engine(error.to_string());
    let engine = docker_client_instance().await.map_err(|error| silent(&error))?;
    let socket = engine.info().await.map_err(|error| silent(&error))?.id.unwrap_or_default();
    let command = docker.server_id().await?;
    if command != socket {
        return Err(ContainerError::TwoEngines { command, socket });
    }
    match engine.inspect_image(image).await {
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Err(ContainerError::NoImage(image.to_owned())),
        Err(error) => Err(silent(&error)),
        Ok(_) => Ok(()),
    }
}
