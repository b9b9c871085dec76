//! The images of a run on real nodes: the user's own, and those of Flyte's planes.

use std::path::Path;
use std::sync::Arc;

use super::planes::{Loader, Planes};
use super::{Images, Import, NodesError};
use crate::backend::docker::Docker;
use crate::backend::{Placer, node_image};

/// Which images clusters with real nodes get.
#[derive(Clone, Debug)]
pub struct NodeImages {
    /// Images that every cluster gets: archives, or names of local images.
    pub given: Vec<String>,
    /// The image that the reference planes run from.
    pub planes: String,
    /// Which of the run's scenarios, by number, need it.
    pub needs_planes: Vec<bool>,
    /// Whose planes run. Upstream's images are not loaded: nodes pull them, unless they are among those given.
    pub placer: Placer,
}

impl Default for NodeImages {
    /// The reference planes. `MULTIPLANE_IMAGE` names another image of theirs.
    fn default() -> Self {
        Self {
            given: Vec::new(),
            planes: node_image(),
            needs_planes: Vec::new(),
            placer: Placer::Reference,
        }
    }
}

/// The images of a run, each saved once.
#[derive(Debug)]
pub(in crate::backend) struct Stock {
    pub(in crate::backend) images: Images,
    pub(in crate::backend) placer: Placer,
    given: Vec<String>,
    planes: Arc<Planes>,
    needs_planes: Vec<bool>,
}

impl NodeImages {
    /// Checks that what scenarios need is there, before anything is made.
    pub(in crate::backend) async fn check(&self, docker: &Docker) -> Result<(), NodesError> {
        if self.needs_planes.contains(&true) {
            let found = docker.image_id(&self.planes).await;
            found.map_err(|error| NodesError::NoPlanes {
                image: self.planes.clone(),
                error: error.stderr().trim().to_owned(),
            })?;
        }
        Ok(())
    }
}

impl Stock {
    /// The images, saved below a run's folder.
    pub(in crate::backend) fn new(images: NodeImages, run: &Path) -> Self {
        Self {
            images: Images::new(images.given.clone(), run),
            placer: images.placer,
            given: images.given,
            planes: Arc::new(Planes::new(images.planes, run)),
            needs_planes: images.needs_planes,
        }
    }

    /// Whether a scenario, by its number in the run, needs the reference planes' image.
    pub(in crate::backend) fn needs_planes(&self, scenario: usize) -> bool {
        self.needs_planes.get(scenario).copied().unwrap_or(false)
    }

    /// What brings the reference planes' images to the cluster of this name.
    pub(in crate::backend) fn loader(&self, import: Arc<dyn Import>, docker: Docker, cluster: &str) -> Loader {
        Loader::new(self.planes.clone(), import, docker, &self.given, cluster)
    }
}
