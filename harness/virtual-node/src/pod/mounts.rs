//! A container's view of the pod's volumes.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Container;

use super::env::expand;
use super::volumes::Volumes;
use crate::program::{Files, Folder, Mount};

/// The files that a container's mounts show.
pub(crate) fn files(container: &Container, volumes: &Volumes, env: &BTreeMap<String, String>) -> Files {
    let mounts = container.volume_mounts.iter().flatten().filter_map(|mount| {
        let volume = volumes.get(&mount.name)?;
        let sub_path = match (&mount.sub_path_expr, &mount.sub_path) {
            (Some(expression), _) => expand(expression, env),
            (None, path) => path.clone().unwrap_or_default(),
        };
        // A kubelet binds sub-paths of ConfigMaps and the like once: they do not follow later changes.
        let folder = if volume.read_only && !sub_path.is_empty() {
            Folder::new((*volume.folder.snapshot()).clone())
        } else {
            volume.folder.clone()
        };
        Some(Mount {
            path: mount.mount_path.trim_end_matches('/').to_owned(),
            folder,
            sub_path: sub_path.trim_matches('/').to_owned(),
            disk: volume.disk.clone(),
            read_only: volume.read_only || mount.read_only.unwrap_or(false),
        })
    });
    Files::new(mounts.collect())
}
