//! The ConfigMaps and Secrets that a container's environment refers to.

use std::sync::Arc;

use futures::future::select_all;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};

use super::super::context::PodContext;
use super::super::prepare::ConfigError;
use crate::api::{Changes, Reference};

/// Looks objects up, and tells when one of them has changed since.
pub(crate) struct Lookups {
    ctx: Arc<PodContext>,
    config_maps: Vec<Reference<ConfigMap>>,
    secrets: Vec<Reference<Secret>>,
    changes: Vec<Changes>,
}

impl Lookups {
    pub(crate) fn new(ctx: &Arc<PodContext>) -> Self {
        let mut updates = ctx.updates.clone();
        updates.mark_unchanged();
        let pod_changed: Changes = Box::pin(async move {
            if updates.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        Self {
            ctx: ctx.clone(),
            config_maps: Vec::new(),
            secrets: Vec::new(),
            changes: vec![pod_changed],
        }
    }

    pub(crate) async fn config_map(&mut self, name: &str) -> Result<Option<Arc<ConfigMap>>, ConfigError> {
        let reference = self.ctx.node.references.config_map(&self.ctx.namespace, name);
        let (found, changes) = reference.look().await;
        self.config_maps.push(reference);
        self.changes.push(changes);
        found.map_err(ConfigError::Refused)
    }

    pub(crate) async fn secret(&mut self, name: &str) -> Result<Option<Arc<Secret>>, ConfigError> {
        let reference = self.ctx.node.references.secret(&self.ctx.namespace, name);
        let (found, changes) = reference.look().await;
        self.secrets.push(reference);
        self.changes.push(changes);
        found.map_err(ConfigError::Refused)
    }

    /// Returns when the pod or something that was looked up has changed.
    pub(crate) async fn changed(self) {
        select_all(self.changes).await;
    }
}
