//! Images that every cluster of a run gets: the same bytes everywhere.

use std::path::{Path, PathBuf};

use tokio::sync::OnceCell;

use super::NodesError;
use crate::backend::docker::Docker;

/// The images of a run.
#[derive(Debug)]
pub(in crate::backend) struct Images {
    given: Vec<String>,
    folder: PathBuf,
    archives: OnceCell<Vec<Archive>>,
}

/// An archive to load.
#[derive(Clone, Debug)]
pub(in crate::backend) struct Archive {
    pub(in crate::backend) file: PathBuf,
    /// What it is, for people: the image with its id.
    pub(in crate::backend) title: String,
}

impl Images {
    pub(in crate::backend) fn new(given: Vec<String>, run: &Path) -> Self {
        Self {
            given,
            folder: run.join("images"),
            archives: OnceCell::new(),
        }
    }

    /// The archives, made once a run: a name that moves between two clusters must not give them different images.
    pub(in crate::backend) async fn archives(&self, docker: &Docker) -> Result<&[Archive], NodesError> {
        let made = self.archives.get_or_try_init(|| async {
            let mut archives = Vec::new();
            for (number, given) in self.given.iter().enumerate() {
                archives.push(self.archive(number, given, docker).await?);
            }
            Ok::<_, NodesError>(archives)
        });
        made.await.map(Vec::as_slice)
    }

    async fn archive(&self, number: usize, given: &str, docker: &Docker) -> Result<Archive, NodesError> {
        if Path::new(given).is_file() {
            return Ok(Archive {
                file: PathBuf::from(given),
                title: format!("image archive {given}"),
            });
        }
        let file = self.folder.join(format!("{number}.tar"));
        std::fs::create_dir_all(&self.folder).map_err(|error| NodesError::file(&self.folder, error))?;
        let id = docker.image_id(given).await?;
        docker.save(given, &file).await?;
        if docker.image_id(given).await? != id {
            return Err(NodesError::ImageMoved(given.to_owned()));
        }
        let title = format!("image {given} ({id})");
        Ok(Archive { file, title })
    }
}
