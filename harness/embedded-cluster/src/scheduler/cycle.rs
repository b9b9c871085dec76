//! `kube-scheduler` as a controller: changes go into its own queue, each reconciliation takes one pod from there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::value::json;
use futures::future::BoxFuture;
use simnet::Clock;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::affinity::Namespaces;
use super::claims::Claims;
use super::nodes::{Effect, Nodes};
use super::recorder::{Recorder, What};
use super::verdict::{Nomination, Refusal, Surroundings, decide};
use super::waiting::{Waiting, wants_company};
use crate::auth::Identity;
use crate::client::Client;
use crate::controllers::fields::Fields;
use crate::controllers::pods;
use crate::controllers::resources::{DISRUPTION_BUDGETS, NAMESPACES, NODES, PODS, STORAGE_CLASSES, VOLUME_CLAIMS};
use crate::controllers::runtime::{Cache, Change, Controller, Feed, Key, Manager, Outcome, Types};
use crate::controllers::volumes::used_by;
use crate::object::Object;
use crate::status::Status;

/// Name in `spec.schedulerName` and in events.
pub(super) const NAME: &str = "default-scheduler";

/// Starts the scheduler over any client of a cluster; aborting the handle ends it.
pub(crate) fn start(client: &Client, clock: Clock) -> AbortHandle {
    let client = client
        .separate()
        .acting_as(Identity::new::<String>("system:kube-scheduler", []), "kube-scheduler");
    let cache: Arc<Cache> = Arc::default();
    let scheduler = Scheduler {
        events: Recorder::new(client.clone(), clock.clone()),
        client: client.clone(),
        cache: cache.clone(),
        clock,
        nodes: Mutex::default(),
        namespaces: Mutex::default(),
        waiting: Mutex::default(),
    };
    let manager = Manager::new(Feed::new(client), cache, Arc::new(Types::default()), vec![Arc::new(scheduler)]);
    // Nodes first: so no pod that was there before is called unschedulable for want of them.
    tokio::spawn(manager.run(vec![NODES, NAMESPACES, STORAGE_CLASSES, VOLUME_CLAIMS, DISRUPTION_BUDGETS, PODS])).abort_handle()
}

pub(super) struct Scheduler {
    pub(super) client: Client,
    pub(super) cache: Arc<Cache>,
    pub(super) clock: Clock,
    pub(super) events: Recorder,
    pub(super) nodes: Mutex<Nodes>,
    namespaces: Mutex<Namespaces>,
    waiting: Mutex<Waiting>,
}

impl Controller for Scheduler {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let effect = lock(&self.nodes).take(change);
        let mut waiting = lock(&self.waiting);
        match effect {
            // Whoever keeps others away does so by their labels, and of those a line knows nothing.
            Effect::Nodes => waiting.call_all(),
            Effect::Room if lock(&self.nodes).keep_away() => waiting.call_all(),
            Effect::Room => waiting.call_first(),
            Effect::Company => waiting.call_alone(|key| self.cache.get(&PODS, key).is_some_and(|pod| wants_company(&pod))),
            Effect::None => {}
        }
        if change.is(&NAMESPACES) && self.namespace(change) {
            waiting.call_all();
        } else if change.is(&VOLUME_CLAIMS) {
            let claim = change.key();
            waiting.call_alone(|key| key.namespace == claim.namespace && self.uses(key, &claim.name));
        } else if change.is(&PODS) {
            follow(&mut waiting, change);
        }
        // One key for all: who comes next is the queue's to say.
        match waiting.next_due(Instant::now()) {
            Some(Duration::ZERO) => vec![Key::new("", NAME)],
            _ => vec![],
        }
    }

    fn reconcile<'a>(&'a self, _: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let next = lock(&self.waiting).first(Instant::now());
            if let Some(key) = next
                && let Err(error) = self.schedule(&key).await
            {
                tracing::debug!(%error, ?key, "a pod could not be scheduled");
                lock(&self.waiting).fail(&key, Instant::now());
            }
            Ok(lock(&self.waiting).next_due(Instant::now()))
        })
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes in what a change of a pod means for the queue.
fn follow(waiting: &mut Waiting, change: &Change) {
    let pod = &change.object;
    if change.gone || !is_pending(pod) {
        return waiting.remove(&change.key());
    }
    // What the scheduler wrote itself, and what changes nothing for it, is no reason to look again.
    let old = change.old.as_ref();
    if old.is_none_or(|old| old.at("/spec") != pod.at("/spec") || old.labels() != pod.labels()) {
        waiting.add(pod);
    }
}

fn is_pending(pod: &Object) -> bool {
    pod.str_at("/spec/nodeName").is_empty()
        && pod.str_at("/spec/schedulerName") == NAME
        && pod.list_at("/spec/schedulingGates").is_empty()
        && pods::is_active(pod)
}

impl Scheduler {
    /// Gives a pod a node, or tells it why it has none.
    async fn schedule(&self, key: &Key) -> Result<(), Status> {
        let Some(pod) = self.cache.get(&PODS, key).filter(|pod| is_pending(pod)) else {
            lock(&self.waiting).remove(key);
            return Ok(());
        };
        let claims = Claims::of(&pod, &self.cache);
        if claims.get_volumes() {
            lock(&self.waiting).park(key, false);
            return Ok(());
        }
        let (volumes, budgets) = (claims.problem(), self.cache.all(&DISRUPTION_BUDGETS));
        let surroundings = Surroundings {
            volumes: volumes.as_deref(),
            budgets: &budgets,
            selected: claims.selected(),
        };
        let decided = decide(&pod, &lock(&self.nodes), &lock(&self.namespaces), surroundings);
        // Parked before anything is written: what happens meanwhile finds it where it belongs.
        match decided {
            // First their volumes: once those are there, the pod comes again.
            Ok(node) if claims.wait_for_a_node() => {
                lock(&self.waiting).park(key, false);
                claims.select(&self.client, &node).await
            }
            Ok(node) => {
                lock(&self.waiting).park(key, true);
                self.bind(&pod, &node).await
            }
            Err(refusal) => {
                self.park(&pod, key, &refusal);
                self.refuse(&pod, &refusal).await
            }
        }
    }

    fn park(&self, pod: &Object, key: &Key, refusal: &Refusal) {
        let mut waiting = lock(&self.waiting);
        if matches!(refusal.nomination, Nomination::Make(_)) {
            waiting.set_apart(key);
        }
        waiting.park(key, !refusal.is_known_to(pod));
    }

    fn uses(&self, pod: &Key, claim: &str) -> bool {
        self.cache
            .get(&PODS, pod)
            .is_some_and(|pod| used_by(&pod).any(|name| name == claim))
    }

    /// Takes in a namespace's labels. Whether they are not what they were.
    fn namespace(&self, change: &Change) -> bool {
        let name = change.object.name().to_owned();
        let mut namespaces = lock(&self.namespaces);
        let labels = change.new_state().map(|namespace| namespace.labels().cloned().unwrap_or_default());
        let before = match labels.clone() {
            Some(labels) => namespaces.insert(name, labels),
            None => namespaces.remove(&name),
        };
        before != labels
    }

    async fn bind(&self, pod: &Object, node: &str) -> Result<(), Status> {
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": pod.name(), "namespace": pod.namespace(), "uid": pod.uid()},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        });
        match self
            .client
            .create_subresource(&PODS, pod.namespace(), pod.name(), "binding", binding)
            .await
        {
            Ok(_) => {}
            // The pod is gone, or somebody else has bound it: the watch tells.
            Err(error) if error.is_not_found() || error.is_conflict() => return Ok(()),
            Err(error) => return Err(error),
        }
        let namespace = pod.namespace().unwrap_or_default();
        let note = format!("Successfully assigned {namespace}/{} to {node}", pod.name());
        self.events
            .record(
                pod,
                What {
                    kind: "Normal",
                    reason: "Scheduled",
                    action: "Binding",
                    note: &note,
                    related: None,
                },
            )
            .await;
        Ok(())
    }
}
