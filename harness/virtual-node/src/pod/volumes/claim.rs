//! Volumes that outlive pods.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::Api;
use tokio::time::sleep;

use super::super::context::PodContext;
use super::fill;
use crate::program::Folder;

/// Before a claim is looked at again that could not be mounted.
const RETRY: Duration = Duration::from_secs(2);

/// The persistent volumes of a cluster, in memory: what its nodes share. They are those of the CSI driver [`PersistentVolumes::DRIVER`].
#[derive(Clone, Default)]
pub struct PersistentVolumes(Arc<Mutex<BTreeMap<String, Folder>>>);

impl PersistentVolumes {
    /// The CSI driver, and the provisioner of the storage classes, whose volumes these are.
    pub const DRIVER: &str = "memory.multiplane.dev";

    /// The volume with a handle; empty when it is mounted for the first time.
    fn folder(&self, handle: &str) -> Folder {
        let mut volumes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        volumes.entry(handle.to_owned()).or_default().clone()
    }
}

/// The folder of the volume that a claim is bound to. Waits until it is bound; trouble is told by events.
pub(super) async fn mount(ctx: &PodContext, volume: &str, claim: &str) -> Folder {
    let mut told = String::new();
    loop {
        match find(ctx, claim).await {
            Ok(handle) => return ctx.node.persistent_volumes.folder(&handle),
            Err(message) if message == told => {}
            Err(message) => {
                fill::tell(ctx, volume, &message);
                told = message;
            }
        }
        // As a kubelet: it may read claims, not watch them.
        sleep(RETRY).await;
    }
}

/// The handle of the volume that a claim is bound to.
async fn find(ctx: &PodContext, name: &str) -> Result<String, String> {
    let client = &ctx.node.client;
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), &ctx.namespace);
    let claim = claims.get(name).await.map_err(|error| error.to_string())?;
    let bound = claim.status.is_some_and(|status| status.phase.as_deref() == Some("Bound"));
    let Some(volume) = claim.spec.and_then(|spec| spec.volume_name).filter(|_| bound) else {
        return Err(format!("PVC {}/{name} is not bound", ctx.namespace));
    };
    let volume = Api::<PersistentVolume>::all(client.clone()).get(&volume).await;
    let spec = volume.map_err(|error| error.to_string())?.spec.unwrap_or_default();
    match spec.csi {
        Some(csi) if csi.driver == PersistentVolumes::DRIVER => Ok(csi.volume_handle),
        Some(csi) => Err(format!(
            "driver name {} not found in the list of registered CSI drivers",
            csi.driver
        )),
        None => Err("persistent volumes of this kind are not supported by virtual nodes".to_owned()),
    }
}
