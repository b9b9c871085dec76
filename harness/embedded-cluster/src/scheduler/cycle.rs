//! `kube-scheduler` as a controller: keys are pods without a node.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::value::json;
use futures::future::BoxFuture;
use simnet::Clock;
use tokio::task::AbortHandle;

use super::affinity::Namespaces;
use super::nodes::{Effect, Nodes};
use super::recorder::{Recorder, What};
use super::verdict::{Surroundings, decide};
use crate::auth::Identity;
use crate::client::Client;
use crate::controllers::fields::Fields;
use crate::controllers::pods;
use crate::controllers::resources::{DISRUPTION_BUDGETS, NAMESPACES, NODES, PODS, STORAGE_CLASSES, VOLUME_CLAIMS};
use crate::controllers::runtime::{Cache, Change, Controller, Feed, Key, Manager, Outcome, Types};
use crate::controllers::volumes::{PROVISIONER, used_by};
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
    /// Pods that had no place when they were last looked at.
    waiting: Mutex<BTreeSet<Key>>,
}

impl Controller for Scheduler {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let effect = lock(&self.nodes).take(change);
        if change.is(&NAMESPACES) {
            self.namespace(change);
        }
        if change.is(&VOLUME_CLAIMS) || change.is(&NAMESPACES) {
            return self.waiting(|_| true);
        }
        match effect {
            Effect::Room => return self.waiting(|_| true),
            Effect::Company => return self.waiting(wants_company),
            Effect::None if !change.is(&PODS) => return vec![],
            Effect::None => {}
        }
        let key = change.key();
        if change.gone || !is_pending(&change.object) {
            lock(&self.waiting).remove(&key);
            return vec![];
        }
        // What the scheduler wrote itself, and what changes nothing for it, is no reason to look again.
        let same = change
            .old
            .as_ref()
            .is_some_and(|old| old.at("/spec") == change.object.at("/spec") && old.labels() == change.object.labels());
        if same { vec![] } else { vec![key] }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(pod) = self.cache.get(&PODS, key).filter(|pod| is_pending(pod)) else {
                return Ok(None);
            };
            if self.gets_volumes(&pod) {
                lock(&self.waiting).insert(key.clone());
                return Ok(None);
            }
            let (volumes, budgets) = (self.volume_problem(&pod), self.cache.all(&DISRUPTION_BUDGETS));
            let surroundings = Surroundings {
                volumes: volumes.as_deref(),
                budgets: &budgets,
            };
            let decided = decide(&pod, &lock(&self.nodes), &lock(&self.namespaces), surroundings);
            match decided {
                Ok(node) => self.bind(&pod, &node).await?,
                Err(refusal) => {
                    lock(&self.waiting).insert(key.clone());
                    self.refuse(&pod, &refusal).await?;
                }
            }
            Ok(None)
        })
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether other pods can be what a pod waits for.
fn wants_company(pod: &Object) -> bool {
    pod.at("/spec/affinity/podAffinity").is_object() || !pod.list_at("/spec/topologySpreadConstraints").is_empty()
}

fn is_pending(pod: &Object) -> bool {
    pod.str_at("/spec/nodeName").is_empty()
        && pod.str_at("/spec/schedulerName") == NAME
        && pod.list_at("/spec/schedulingGates").is_empty()
        && pods::is_active(pod)
}

impl Scheduler {
    /// Those of the waiting pods that `may` have a place now: higher priority first, then older ones.
    fn waiting(&self, may: impl Fn(&Object) -> bool) -> Vec<Key> {
        let waiting = lock(&self.waiting);
        let mut pods: Vec<Arc<Object>> = waiting
            .iter()
            .filter_map(|key| self.cache.get(&PODS, key))
            .filter(|pod| may(pod))
            .collect();
        pods.sort_by_cached_key(|pod| (-pod.int_at("/spec/priority"), pod.creation_timestamp().to_owned(), Key::of(pod)));
        pods.iter().map(|pod| Key::of(pod)).collect()
    }

    fn namespace(&self, change: &Change) {
        let name = change.object.name().to_owned();
        let mut namespaces = lock(&self.namespaces);
        match change.new_state() {
            Some(namespace) => namespaces.insert(name, namespace.labels().cloned().unwrap_or_default()),
            None => namespaces.remove(&name),
        };
    }

    /// Whether volumes are made for the pod's claims at this moment, now that there is somebody who uses them.
    fn gets_volumes(&self, pod: &Object) -> bool {
        let namespace = pod.namespace().unwrap_or_default();
        let mut claims = used_by(pod).filter_map(|name| self.cache.get(&VOLUME_CLAIMS, &Key::new(namespace, name)));
        claims.any(|claim| {
            let class = self
                .cache
                .get(&STORAGE_CLASSES, &Key::new("", claim.str_at("/spec/storageClassName")));
            claim.str_at("/spec/volumeName").is_empty() && class.is_some_and(|class| class.str_at("/provisioner") == PROVISIONER)
        })
    }

    /// What is wrong with the volume claims that a pod uses.
    fn volume_problem(&self, pod: &Object) -> Option<String> {
        for name in used_by(pod) {
            let claim = self.cache.get(&VOLUME_CLAIMS, &Key::new(pod.namespace().unwrap_or_default(), name));
            match claim {
                None => return Some(format!("persistentvolumeclaim {name:?} not found")),
                Some(claim) if claim.str_at("/spec/volumeName").is_empty() => {
                    return Some("pod has unbound immediate PersistentVolumeClaims".to_owned());
                }
                Some(_) => {}
            }
        }
        None
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
        lock(&self.waiting).remove(&Key::of(pod));
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
