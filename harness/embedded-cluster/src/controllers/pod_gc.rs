//! `pod-garbage-collector`: pods of nodes that are gone, and pods that were deleted before they
//! had a node.

use crate::value::json;
use futures::future::BoxFuture;

use super::fields::{Fields, seconds};
use super::pods;
use super::resources::{NODES, PODS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::{DeleteOptions, Patch};
use crate::object::Object;
use crate::status::Status;

/// Keys are pods.
pub(crate) struct PodGc(pub(crate) Context);

impl Controller for PodGc {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&NODES) && change.gone {
            let on_node = |pod: &Object| pod.str_at("/spec/nodeName") == change.object.name();
            return self
                .0
                .cache
                .all(&PODS)
                .iter()
                .filter(|pod| on_node(pod))
                .map(|pod| Key::of(pod))
                .collect();
        }
        let deleted_unscheduled = |pod: &Object| pod.deletion_timestamp().is_some() && pod.str_at("/spec/nodeName").is_empty();
        if change.is(&PODS) && !change.gone && deleted_unscheduled(&change.object) {
            vec![change.key()]
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(pod) = self.0.cache.get(&PODS, key) else { return Ok(None) };
            let node = pod.str_at("/spec/nodeName");
            if node.is_empty() || self.0.cache.get(&NODES, &Key::new("", node)).is_none() {
                self.remove(&pod, key).await?;
            }
            Ok(None)
        })
    }
}

impl PodGc {
    async fn remove(&self, pod: &Object, key: &Key) -> Result<(), Status> {
        if !pods::is_ended(pod) && !pod.str_at("/spec/nodeName").is_empty() {
            let condition = json!({
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                "message": "PodGC: node no longer exists", "lastTransitionTime": seconds(self.0.clock.now()),
            });
            let status = Patch::Strategic(json!({"status": {"phase": "Failed", "conditions": [condition]}}));
            self.0.client.patch(&PODS, key.scope(), &key.name, Some("status"), status).await?;
        }
        let now = DeleteOptions {
            grace_period_seconds: Some(0),
            ..DeleteOptions::of_uid(pod.uid())
        };
        match self.0.client.delete(&PODS, key.scope(), &key.name, &now).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}
