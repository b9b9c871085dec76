//! `persistent-volume-binder` and `pv-protection-controller`, without binding: volumes become available, and stay while they are bound.
//!
//! Claims stay pending: nothing here provisions or binds volumes.

use crate::value::json;
use futures::future::BoxFuture;

use super::fields::Fields;
use super::resources::VOLUMES;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;
use crate::status::Status;

const FINALIZER: &str = "kubernetes.io/pv-protection";

/// Keys are volumes.
pub(crate) struct Volumes {
    pub(crate) binder: Context,
    pub(crate) protection: Context,
}

impl Controller for Volumes {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let lives = change.is(&VOLUMES) && !change.gone;
        lives.then(|| change.key()).into_iter().collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(volume) = self.binder.cache.get(&VOLUMES, key) else {
                return Ok(None);
            };
            let result = if volume.deletion_timestamp().is_some() {
                self.let_go(&volume).await
            } else {
                self.offer(&volume).await
            };
            match result {
                Err(error) if !error.is_not_found() => Err(error),
                _ => Ok(None),
            }
        })
    }
}

impl Volumes {
    /// A volume that nobody claims is available.
    async fn offer(&self, volume: &Object) -> Result<(), Status> {
        if !volume.at("/spec/claimRef").is_null() || volume.str_at("/status/phase") == "Available" {
            return Ok(());
        }
        let mut value = volume.value().clone();
        value["status"]["phase"] = "Available".into();
        value["status"]["lastPhaseTransitionTime"] = super::fields::seconds(self.binder.clock.now()).into();
        self.binder.client.update_status(&VOLUMES, value).await?;
        Ok(())
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
