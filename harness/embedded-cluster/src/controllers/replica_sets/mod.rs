//! `replicaset-controller` and `replication-controller`: as many pods of a template as asked for.

mod claim;
mod status;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::fields::Fields;
use super::pods;
use super::resources::{PODS, REPLICA_SETS, REPLICATION_CONTROLLERS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use super::selector;
use crate::client::DeleteOptions;
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;

pub(crate) use claim::claim;

/// Most pods created or deleted in one go.
const BURST: usize = 500;

/// Keys are replica sets, or replication controllers: the same under an older name.
pub(crate) struct ReplicaSets {
    context: Context,
    resource: Resource,
    kind: &'static str,
}

impl Controller for ReplicaSets {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&self.resource) {
            return if change.gone { vec![] } else { vec![change.key()] };
        }
        if !change.is(&PODS) {
            return vec![];
        }
        let mut keys = change.controllers(self.kind);
        if !change.gone && change.object.controller().is_none() {
            keys.extend(self.adopters(&change.object));
        }
        keys
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(set) = self.context.cache.get(&self.resource, key) else {
                return Ok(None);
            };
            let pods = claim(&self.context, &PODS, &set).await?;
            let active: Vec<Arc<Object>> = pods.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
            let failure = if set.deletion_timestamp().is_none() {
                self.scale(&set, &active).await.err()
            } else {
                None
            };
            let again = self.report(&set, &pods, failure.as_ref()).await?;
            match failure {
                Some(failure) => Err(failure.error),
                None => Ok(again),
            }
        })
    }
}

/// A pod that could not be created or deleted.
struct Failure {
    reason: &'static str,
    error: Status,
}

impl ReplicaSets {
    /// The controller of ReplicaSets.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            resource: REPLICA_SETS,
            kind: "ReplicaSet",
        }
    }

    /// The controller of ReplicationControllers.
    pub(crate) fn of_controllers(context: Context) -> Self {
        Self {
            context,
            resource: REPLICATION_CONTROLLERS,
            kind: "ReplicationController",
        }
    }

    /// Replica sets that would take over a pod without controller.
    fn adopters(&self, pod: &Object) -> Vec<Key> {
        let sets = self.context.cache.in_namespace(&self.resource, pod.namespace().unwrap_or_default());
        sets.iter()
            .filter(|set| selector::selects(set, pod.labels()))
            .map(|set| Key::of(set))
            .collect()
    }

    async fn scale(&self, set: &Object, active: &[Arc<Object>]) -> Result<(), Failure> {
        let wanted = usize::try_from(set.int_at("/spec/replicas")).unwrap_or(0);
        if active.len() < wanted {
            self.create(set, (wanted - active.len()).min(BURST)).await
        } else if active.len() > wanted {
            self.delete(set, active, (active.len() - wanted).min(BURST)).await
        } else {
            Ok(())
        }
    }

    async fn create(&self, set: &Object, count: usize) -> Result<(), Failure> {
        let Context { client, events, .. } = &self.context;
        for _ in 0..count {
            let pod = pods::from_template(set.at("/spec/template"), set);
            match client.create(&PODS, set.namespace(), pod).await {
                Ok(pod) => {
                    events
                        .normal(set, "SuccessfulCreate", &format!("Created pod: {}", pod.name()))
                        .await
                }
                Err(error) => {
                    events.warning(set, "FailedCreate", &format!("Error creating: {error}")).await;
                    return Err(Failure {
                        reason: "FailedCreate",
                        error,
                    });
                }
            }
        }
        Ok(())
    }

    async fn delete(&self, set: &Object, active: &[Arc<Object>], count: usize) -> Result<(), Failure> {
        let Context { client, events, .. } = &self.context;
        let on_node = |pod: &Object| {
            let node = pod.str_at("/spec/nodeName");
            active
                .iter()
                .filter(|other| !node.is_empty() && other.str_at("/spec/nodeName") == node)
                .count()
        };
        let mut victims = active.to_vec();
        pods::sort_for_deletion(&mut victims, on_node);
        for pod in &victims[..count] {
            match client
                .delete(&PODS, pod.namespace(), pod.name(), &DeleteOptions::of_uid(pod.uid()))
                .await
            {
                Ok(()) => {
                    events
                        .normal(set, "SuccessfulDelete", &format!("Deleted pod: {}", pod.name()))
                        .await
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => {
                    events.warning(set, "FailedDelete", &format!("Error deleting: {error}")).await;
                    return Err(Failure {
                        reason: "FailedDelete",
                        error,
                    });
                }
            }
        }
        Ok(())
    }

    async fn report(&self, set: &Object, pods: &[Arc<Object>], failure: Option<&Failure>) -> Outcome {
        let failure = failure.map(|failure| (failure.reason, failure.error.message.as_str()));
        let (status, again) = status::of(set, pods, failure, self.context.clock.now());
        if status != *set.at("/status") {
            let mut value = set.value().clone();
            value["status"] = status;
            self.context.client.update_status(&self.resource, value).await?;
        }
        Ok(again)
    }
}

/// `spec.minReadySeconds`.
pub(crate) fn min_ready(object: &impl Fields) -> Duration {
    Duration::from_secs(object.int_at("/spec/minReadySeconds").unsigned_abs())
}
