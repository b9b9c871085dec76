//! The reference planes' image under the names that charts give to images.
//!
//! Nothing in a manifest changes: every image that one of our programs stands for is loaded into the nodes under its own name. All of them are
//! the one image that `make images` makes, each with the entry point of its program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, OnceCell};

use super::retag::{names_in, retag};
use super::{Import, NodesError};
use crate::backend::docker::Docker;
use crate::programs::program_of;

/// The image, saved once a run.
#[derive(Debug)]
pub(in crate::backend) struct Planes {
    image: String,
    folder: PathBuf,
    saved: OnceCell<PathBuf>,
    made: AtomicUsize,
}

impl Planes {
    pub(in crate::backend) fn new(image: String, run: &Path) -> Self {
        Self {
            image,
            folder: run.join("images"),
            saved: OnceCell::new(),
            made: AtomicUsize::new(0),
        }
    }

    async fn saved(&self, docker: &Docker) -> Result<&Path, NodesError> {
        let saved = self.saved.get_or_try_init(|| async {
            std::fs::create_dir_all(&self.folder).map_err(|error| NodesError::file(&self.folder, error))?;
            let file = self.folder.join("planes.tar");
            docker.save(&self.image, &file).await?;
            Ok::<_, NodesError>(file)
        });
        saved.await.map(PathBuf::as_path)
    }

    /// An archive with the image under these names, each with the program that it stands for.
    async fn archive(&self, docker: &Docker, names: BTreeMap<String, String>) -> Result<PathBuf, NodesError> {
        let saved = self.saved(docker).await?.to_owned();
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("planes-{number}.tar"));
        let target = file.clone();
        let made = tokio::task::spawn_blocking(move || retag(&saved, &target, &names)).await;
        let failed = |message: String| NodesError::Archive {
            image: self.image.clone(),
            message,
        };
        made.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
        Ok(file)
    }
}

/// Loads images of the reference planes into one cluster, each once.
#[derive(Debug)]
pub(in crate::backend) struct Loader {
    planes: Arc<Planes>,
    import: Arc<dyn Import>,
    docker: Docker,
    cluster: String,
    loaded: Mutex<BTreeSet<String>>,
}

impl Loader {
    /// For the cluster of this name. `given` are the user's own images: they are left as they are.
    pub(in crate::backend) fn new(planes: Arc<Planes>, import: Arc<dyn Import>, docker: Docker, given: &[String], cluster: &str) -> Self {
        let given = given.iter().flat_map(|given| match Path::new(given) {
            archive if archive.is_file() => names_in(archive),
            _ => vec![given.clone()],
        });
        Self {
            loaded: Mutex::new(given.collect()),
            planes,
            import,
            docker,
            cluster: cluster.to_owned(),
        }
    }

    /// Loads those that stand for our programs and are not there yet. Returns what people should know.
    pub(in crate::backend) async fn load(&self, images: &BTreeSet<String>) -> Result<Vec<String>, NodesError> {
        let mut loaded = self.loaded.lock().await;
        let (mut names, mut notes) = (BTreeMap::new(), Vec::new());
        for image in images.difference(&loaded) {
            let Some(program) = program_of(image) else { continue };
            if image.contains('@') {
                notes.push(format!("{image} is pinned by a digest, which only its registry has: nodes pull it"));
                continue;
            }
            let tag = tag(image);
            if tag.is_none_or(|tag| tag == "latest") {
                notes.push(format!(
                    "{image}: without imagePullPolicy IfNotPresent or Never kubelets pull the tag latest"
                ));
            }
            let name = if tag.is_some() { image.clone() } else { format!("{image}:latest") };
            names.insert(name, program);
        }
        if names.is_empty() {
            return Ok(notes);
        }
        notes.push(format!(
            "from {}: {}",
            self.planes.image,
            names.keys().cloned().collect::<Vec<_>>().join(", ")
        ));
        let archive = self.planes.archive(&self.docker, names).await?;
        self.import.import(&self.cluster, &archive).await?;
        // Each is as large as the image; the run's folder is removed in the end whatever happens here.
        let _ = std::fs::remove_file(archive);
        loaded.extend(images.iter().cloned());
        Ok(notes)
    }
}

/// The tag of an image reference.
fn tag(image: &str) -> Option<&str> {
    let last = image.rsplit_once('/').map_or(image, |(_, last)| last);
    last.split_once(':').map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn a_registrys_port_is_no_tag() {
        assert_eq!(tag("cr.flyte.org/flyteorg/flyteadmin:v1.16.8"), Some("v1.16.8"));
        assert_eq!(tag("localhost:5000/flyteadmin"), None);
    }
}
