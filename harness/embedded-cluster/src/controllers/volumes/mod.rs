//! `persistent-volume-binder` and `pv-protection-controller`: claims get volumes that are there, or are made for them; volumes are released
//! and go with their claims.

mod binding;
mod claims;
mod matching;

pub(crate) use claims::used_by;

use futures::future::BoxFuture;

use super::fields::{Fields, seconds};
use super::resources::{PODS, STORAGE_CLASSES, VOLUME_CLAIMS, VOLUMES};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

/// The provisioner of storage classes whose volumes are made here. What they hold is up to the nodes.
pub(crate) const PROVISIONER: &str = "memory.multiplane.dev";
/// On which node a claim is used whose volume waits for that.
pub(crate) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const FINALIZER: &str = "kubernetes.io/pv-protection";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// Keys are claims, and volumes: those have no namespace.
pub(crate) struct Volumes {
    pub(crate) binder: Context,
    pub(crate) protection: Context,
}

impl Controller for Volumes {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&VOLUMES) {
            let claim = matching::claim_of(&change.object);
            // Claims that wait for such a volume look at it once it is available.
            let waiting = if claim.is_none() { self.pending() } else { vec![] };
            let own = (!change.gone).then(|| change.key());
            return own.into_iter().chain(claim).chain(waiting).collect();
        }
        if change.is(&VOLUME_CLAIMS) {
            let volume = change.object.str_at("/spec/volumeName");
            let volume = (!volume.is_empty()).then(|| Key::new("", volume));
            let own = (!change.gone).then(|| change.key());
            return own.into_iter().chain(volume).collect();
        }
        if change.is(&STORAGE_CLASSES) && !change.gone {
            return self.pending();
        }
        if change.is(&PODS) && change.old.is_none() {
            let namespace = change.object.namespace().unwrap_or_default();
            return used_by(&change.object).map(|name| Key::new(namespace, name)).collect();
        }
        vec![]
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let result = if key.namespace.is_empty() {
                match self.binder.cache.get(&VOLUMES, key) {
                    Some(volume) if volume.deletion_timestamp().is_some() => self.let_go(&volume).await,
                    Some(volume) => self.offer(&volume).await,
                    None => Ok(()),
                }
            } else {
                match self.binder.cache.get(&VOLUME_CLAIMS, key) {
                    Some(claim) if claim.deletion_timestamp().is_none() => self.serve(&claim).await,
                    _ => Ok(()),
                }
            };
            match result {
                Err(error) if !error.is_not_found() => Err(error),
                _ => Ok(None),
            }
        })
    }
}

impl Volumes {
    fn pending(&self) -> Vec<Key> {
        let claims = self.binder.cache.all(&VOLUME_CLAIMS);
        let pending = claims.iter().filter(|claim| claim.str_at("/status/phase") == "Pending");
        pending.map(|claim| Key::of(claim)).collect()
    }

    /// A volume that nobody claims is available; one whose claim is gone is released, and goes if that is its policy.
    async fn offer(&self, volume: &Object) -> Result<(), Status> {
        let Some(key) = matching::claim_of(volume) else {
            return self.set_phase(volume, "Available").await;
        };
        let uid = volume.str_at("/spec/claimRef/uid");
        let claim = self.binder.cache.get(&VOLUME_CLAIMS, &key);
        let lives = claim.is_some_and(|claim| claim.uid() == uid);
        if uid.is_empty() {
            // Kept for a claim that may yet come.
            return self.set_phase(volume, "Available").await;
        }
        if lives {
            return Ok(());
        }
        self.set_phase(volume, "Released").await?;
        let ours = volume.annotation(PROVISIONED_BY) == Some(PROVISIONER);
        if ours && volume.str_at("/spec/persistentVolumeReclaimPolicy") == "Delete" {
            let options = crate::client::DeleteOptions::of_uid(volume.uid());
            self.binder.client.delete(&VOLUMES, None, volume.name(), &options).await?;
        }
        Ok(())
    }

    async fn set_phase(&self, volume: &Object, phase: &str) -> Result<(), Status> {
        if volume.str_at("/status/phase") == phase {
            return Ok(());
        }
        let mut value = volume.value().clone();
        self.phase(&mut value, phase);
        self.binder.client.update_status(&VOLUMES, value).await?;
        Ok(())
    }

    fn phase(&self, volume: &mut Value, phase: &str) {
        volume["status"]["phase"] = phase.into();
        volume["status"]["lastPhaseTransitionTime"] = seconds(self.binder.clock.now()).into();
    }

    /// A deleted volume that is not bound may go.
    async fn let_go(&self, volume: &Object) -> Result<(), Status> {
        let protected = volume.finalizers().any(|finalizer| finalizer == FINALIZER);
        if !protected || volume.str_at("/status/phase") == "Bound" {
            return Ok(());
        }
        let kept: Vec<&str> = volume.finalizers().filter(|finalizer| *finalizer != FINALIZER).collect();
        let mut value = volume.value().clone();
        value["metadata"]["finalizers"] = json!(kept);
        self.protection.client.update(&VOLUMES, value).await?;
        Ok(())
    }
}
