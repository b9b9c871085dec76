//! A pod's volumes: filled before its containers start, and kept current while they run.

mod claim;
mod fill;
mod project;
mod source;
mod token;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::context::PodContext;
use crate::program::Folder;
pub use claim::PersistentVolumes;
use source::Content;

/// A pod's volumes by name.
#[derive(Default)]
pub(crate) struct Volumes {
    by_name: BTreeMap<String, Volume>,
    /// Held: they keep the content current.
    fillers: Vec<AbortOnDropHandle<()>>,
}

/// A volume as containers mount it.
pub(crate) struct Volume {
    pub(crate) folder: Folder,
    pub(crate) read_only: bool,
    /// The folder of this computer that it is, in place of `folder`.
    pub(crate) disk: Option<PathBuf>,
}

impl Volumes {
    /// Sets all volumes up; returns once each has its first content, however long that takes.
    pub(crate) async fn mount(ctx: &Arc<PodContext>) -> Self {
        let mut volumes = Self::default();
        let (mut ready, mut refused) = (Vec::new(), false);
        for volume in ctx.spec().volumes.iter().flatten() {
            let (mut folder, content) = (Folder::default(), source::content(volume, &ctx.node.host_paths));
            let read_only = match content {
                Content::Empty | Content::Disk(_) => false,
                Content::Claim { read_only, .. } => read_only,
                _ => true,
            };
            let mut disk = None;
            match content {
                Content::Empty => {}
                Content::Disk(folder) => disk = Some(folder),
                Content::Claim { name, .. } => folder = claim::mount(ctx, &volume.name, &name).await,
                Content::Refused(kind) => {
                    fill::refuse(ctx, &volume.name, kind);
                    refused = true;
                }
                Content::Sources(sources) => {
                    let (filled, first) = watch::channel(false);
                    let filler = fill::fill(ctx.clone(), volume.name.clone(), sources, folder.clone(), filled);
                    volumes.fillers.push(AbortOnDropHandle::new(tokio::spawn(filler)));
                    ready.push(first);
                }
            }
            volumes.by_name.insert(volume.name.clone(), Volume { folder, read_only, disk });
        }
        for mut first in ready {
            drop(first.wait_for(|filled| *filled).await);
        }
        if refused {
            // As on a node that lacks a volume plugin: the pod waits until somebody deletes it.
            std::future::pending::<()>().await;
        }
        volumes
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Volume> {
        self.by_name.get(name)
    }
}
