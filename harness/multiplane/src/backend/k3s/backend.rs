//! What a run on k3s shares.

use std::sync::Arc;

use super::{K3sError, K3sWorld, Tags};
use crate::backend::docker::{Docker, check_engine};
use crate::backend::ledger::State;
use crate::backend::nodes::{Images, NodesError, Planes};
use crate::backend::outside::{self, Outside, Session, check_docker};
use crate::backend::process::Runner;
use crate::backend::{BackendError, World, node_image};

/// How a run on k3s is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it shares with other backends.
    pub outside: outside::Settings,
    /// Which images nodes run.
    pub tags: Tags,
    /// Images that every cluster gets: archives, or names of local images.
    pub images: Vec<String>,
    /// The image that the reference planes run from.
    pub planes: String,
    /// Which of the run's scenarios, by number, need it.
    pub needs_planes: Vec<bool>,
}

impl Settings {
    /// The known images of k3s, nothing kept. `MULTIPLANE_IMAGE` names another image of the reference planes.
    pub fn new(state: State) -> Self {
        Self {
            outside: outside::Settings::new(state),
            tags: Tags::default(),
            images: Vec::new(),
            planes: node_image(),
            needs_planes: Vec::new(),
        }
    }
}

/// What a run on k3s shares. Clones are one backend.
#[derive(Clone, Debug)]
pub struct K3sBackend(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) tags: Tags,
    pub(super) images: Images,
    /// Images of the run that are left as they are: archives, or names.
    pub(super) given: Vec<String>,
    pub(super) planes: Arc<Planes>,
    needs_planes: Vec<bool>,
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
        if settings.needs_planes.contains(&true) {
            let found = docker.image_id(&settings.planes).await;
            found.map_err(|error| NodesError::NoPlanes {
                image: settings.planes.clone(),
                error: error.stderr().trim().to_owned(),
            })?;
        }
        let session = Session::begin(settings.outside, run)?;
        Ok(Self(Arc::new(Shared {
            tags: settings.tags,
            given: settings.images.clone(),
            images: Images::new(settings.images, session.folder()),
            planes: Arc::new(Planes::new(settings.planes, session.folder())),
            needs_planes: settings.needs_planes,
            session,
        })))
    }
}

impl Outside for K3sBackend {
    fn world(&self, scenario: usize, _seed: u64) -> Result<Box<dyn World>, BackendError> {
        let planes = self.0.needs_planes.get(scenario).copied().unwrap_or(false);
        let world = K3sWorld::new(self, scenario, planes).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Box::new(world))
    }

    fn session(&self) -> &Session {
        &self.0.session
    }
}
