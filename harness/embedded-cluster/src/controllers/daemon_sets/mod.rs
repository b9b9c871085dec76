//! `daemon-set-controller`: one pod on each node that fits.

mod pod;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Value, json};
use futures::future::BoxFuture;

use super::fields::{Fields, omit_empty};
use super::int_or_percent::{Round, resolve};
use super::pods;
use super::replica_sets::{claim, min_ready};
use super::resources::{DAEMON_SETS, NODES, PODS};
use super::revisions::{self, Revisions};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::DeleteOptions;
use crate::object::Object;
use crate::status::Status;

/// Label of pods and revisions with the template's hash.
const HASH: &str = "controller-revision-hash";

/// Keys are daemon sets.
pub(crate) struct DaemonSets(pub(crate) Context);

impl Controller for DaemonSets {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&DAEMON_SETS) {
            return if change.gone { vec![] } else { vec![change.key()] };
        }
        if change.is(&NODES) {
            let same =
                |old: &Arc<Object>| !change.gone && old.labels() == change.object.labels() && old.at("/spec") == change.object.at("/spec");
            let sets = if change.old.as_ref().is_some_and(same) {
                vec![]
            } else {
                self.0.cache.all(&DAEMON_SETS)
            };
            return sets.iter().map(|set| Key::of(set)).collect();
        }
        if change.is(&PODS) {
            change.controllers("DaemonSet")
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let context = &self.0;
            let Some(set) = context
                .cache
                .get(&DAEMON_SETS, key)
                .filter(|set| set.deletion_timestamp().is_none())
            else {
                return Ok(None);
            };
            if resolve(set.at("/spec/updateStrategy/rollingUpdate/maxSurge"), 100, Round::Up).is_some_and(|surge| surge > 0) {
                context
                    .events
                    .warning(&set, "NotImplemented", "maxSurge of daemon sets is not implemented")
                    .await;
                return Ok(None);
            }
            let revisions = revisions::sync(context, &set, HASH).await?;
            let pods = claim(context, &PODS, &set).await?;
            self.place(&set, &pods, &revisions).await?;
            self.report(&set, &revisions).await
        })
    }
}

/// A set's pods by the node that they are on, or meant for.
fn by_node(pods: &[Arc<Object>]) -> BTreeMap<&str, Vec<&Arc<Object>>> {
    let mut nodes: BTreeMap<&str, Vec<&Arc<Object>>> = BTreeMap::new();
    for pod in pods {
        nodes.entry(pod::node_of(pod)).or_default().push(pod);
    }
    nodes
}

impl DaemonSets {
    /// Makes missing pods, deletes those that are ended, misplaced or one too many, and replaces
    /// old ones as far as `maxUnavailable` allows.
    async fn place(&self, set: &Object, pods: &[Arc<Object>], revisions: &Revisions) -> Result<(), Status> {
        let on_nodes = by_node(pods);
        let nodes = self.0.cache.all(&NODES);
        let wanted: Vec<&str> = nodes.iter().filter(|node| pod::fits(set, node)).map(|node| node.name()).collect();
        for (node, pods) in &on_nodes {
            let keep = usize::from(wanted.contains(node));
            let (ended, alive): (Vec<_>, Vec<_>) = pods.iter().copied().partition(|pod| pods::is_ended(*pod));
            for pod in ended.into_iter().chain(alive.into_iter().skip(keep)) {
                self.delete(set, pod).await?;
            }
        }
        for node in wanted.iter().filter(|node| !on_nodes.contains_key(*node)) {
            let pod = pod::of(set, revisions.update.label(HASH).unwrap_or_default(), node);
            match self.0.client.create(&PODS, set.namespace(), pod).await {
                Ok(pod) => {
                    self.0
                        .events
                        .normal(set, "SuccessfulCreate", &format!("Created pod: {}", pod.name()))
                        .await
                }
                Err(error) => {
                    self.0
                        .events
                        .warning(set, "FailedCreate", &format!("Error creating: {error}"))
                        .await;
                    return Err(error);
                }
            }
        }
        if set.str_at("/spec/updateStrategy/type") == "OnDelete" {
            Ok(())
        } else {
            self.replace(set, &on_nodes, &wanted, revisions).await
        }
    }

    async fn replace(
        &self,
        set: &Object,
        on_nodes: &BTreeMap<&str, Vec<&Arc<Object>>>,
        wanted: &[&str],
        revisions: &Revisions,
    ) -> Result<(), Status> {
        let total = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
        let most = resolve(set.at("/spec/updateStrategy/rollingUpdate/maxUnavailable"), total, Round::Up).unwrap_or(1);
        let hash = revisions.update.label(HASH);
        let placed = wanted.iter().filter_map(|node| on_nodes.get(node)?.first().copied());
        let alive = |pod: &&Arc<Object>| pods::is_active(pod);
        let available = |pod: &Arc<Object>| self.is_available(set, pod);
        let unavailable = total - i64::try_from(placed.clone().filter(alive).filter(|pod| available(pod)).count()).unwrap_or(0);
        let mut room = most - unavailable;
        for pod in placed.filter(alive).filter(|pod| pod.label(HASH) != hash) {
            // A pod that is not available costs nothing.
            let cost = i64::from(available(pod));
            if cost <= room.max(0) {
                room -= cost;
                self.delete(set, pod).await?;
            }
        }
        Ok(())
    }

    fn is_available(&self, set: &Object, pod: &Arc<Object>) -> bool {
        pods::available_in(pod, min_ready(set), self.0.clock.now()).is_some_and(|wait| wait.is_zero())
    }

    async fn delete(&self, set: &Object, pod: &Object) -> Result<(), Status> {
        if pod.deletion_timestamp().is_some() {
            return Ok(());
        }
        match self
            .0
            .client
            .delete(&PODS, pod.namespace(), pod.name(), &DeleteOptions::of_uid(pod.uid()))
            .await
        {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {
                self.0
                    .events
                    .normal(set, "SuccessfulDelete", &format!("Deleted pod: {}", pod.name()))
                    .await
            }
        }
        Ok(())
    }

    async fn report(&self, set: &Object, revisions: &Revisions) -> Outcome {
        // What this round changed comes by the watch.
        let pods = self.0.cache.controlled(&PODS, set.uid());
        let nodes = self.0.cache.all(&NODES);
        let (wanted, others): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| pod::fits(set, node));
        let on_nodes = by_node(&pods);
        let has = |node: &&&Arc<Object>| on_nodes.contains_key(node.name());
        let first: Vec<&Arc<Object>> = wanted
            .iter()
            .filter_map(|node| on_nodes.get(node.name())?.first().copied())
            .collect();
        let available = first.iter().filter(|pod| self.is_available(set, pod)).count();
        let hash = revisions.update.label(HASH);
        let mut status = omit_empty(json!({
            "observedGeneration": set.generation(), "numberAvailable": available, "numberUnavailable": wanted.len() - available,
            "updatedNumberScheduled": first.iter().filter(|pod| pod.label(HASH) == hash).count(),
            "collisionCount": set.at("/status/collisionCount"),
        }));
        status["desiredNumberScheduled"] = wanted.len().into();
        status["currentNumberScheduled"] = wanted.iter().filter(has).count().into();
        status["numberMisscheduled"] = others.iter().filter(has).count().into();
        status["numberReady"] = first.iter().filter(|pod| pods::is_ready(**pod)).count().into();
        if status != *set.at("/status") {
            let mut value: Value = set.value().clone();
            value["status"] = status;
            self.0.client.update_status(&DAEMON_SETS, value).await?;
        }
        let waits = first
            .iter()
            .filter_map(|pod| pods::available_in(*pod, min_ready(set), self.0.clock.now()));
        Ok(waits.filter(|wait| !wait.is_zero()).min())
    }
}
