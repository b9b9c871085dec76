//! `node-controller`: what is known of nodes, and what that means for new pods.
//!
//! A kubelet renews its Lease. Once that is older than the grace period, the node's conditions are `Unknown`. Conditions become taints, which keep
//! new pods off and drive others away ([`super::taint_eviction`]). Nodes that never had a Lease have no kubelet to be heard of: what was said of
//! them stays true.

mod taints;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::conditions;
use super::fields::{Fields, seconds};
use super::resources::{LEASES, NODES, PODS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::Patch;
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

/// kube-controller-manager's `--node-monitor-grace-period`.
const GRACE: Duration = Duration::from_secs(50);
/// Its `--node-monitor-period`.
const MONITOR: Duration = Duration::from_secs(5);
const LEASE_NAMESPACE: &str = "kube-node-lease";

/// Keys are nodes.
pub(crate) struct Nodes {
    context: Context,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// When each node's Lease was last seen to change, by this controller's own time: the kubelet's clock may be wrong.
    heard: BTreeMap<String, Instant>,
    /// Nodes that were ready when last seen.
    ready: BTreeSet<String>,
}

impl Nodes {
    /// A controller that acts in this context.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long ago a node's kubelet was heard of; `None` if it never was.
    fn age(&self, node: &str) -> Option<Duration> {
        self.known().heard.get(node).map(Instant::elapsed)
    }

    /// Notes a sign of life; true for the first one.
    fn hear(&self, node: &str) -> bool {
        self.known().heard.insert(node.to_owned(), Instant::now()).is_none()
    }

    /// Whether the node was ready when last seen, and is not now.
    fn fell(&self, node: &Object) -> bool {
        let ready = &mut self.known().ready;
        if self::ready(node) == "True" {
            ready.insert(node.name().to_owned());
            return false;
        }
        ready.remove(node.name())
    }
}

impl Controller for Nodes {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let name = change.object.name();
        if change.is(&NODES) && change.gone {
            let mut known = self.known();
            known.heard.remove(name);
            known.ready.remove(name);
            return Vec::new();
        }
        if change.is(&NODES) {
            // A kubelet that comes back says first that it is ready.
            let beat = |node: &Object| ready_condition(node).map(|ready| ready.str_at("/lastHeartbeatTime").to_owned());
            let said = change.old.as_ref().is_some_and(|old| beat(old) != beat(&change.object));
            if said && ready(&change.object) == "True" && self.age(name).is_some() {
                self.hear(name);
            }
        } else if !change.is(&LEASES) || change.gone || change.object.namespace() != Some(LEASE_NAMESPACE) || !self.hear(name) {
            return Vec::new();
        }
        vec![Key::new("", name)]
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(node) = self.context.cache.get(&NODES, key) else {
                return Ok(None);
            };
            let age = self.age(&key.name);
            if age.is_some_and(|age| age >= GRACE) && ready(&node) != "Unknown" {
                self.unknown(&node, key).await?;
                return Ok(Some(Duration::ZERO));
            }
            if self.fell(&node) {
                self.tell(&node).await?;
            }
            if let Some(taints) = taints::needed(&node, self.context.clock.now()) {
                let taints = if taints.is_empty() { Value::Null } else { taints.into() };
                let patch = Patch::Merge(json!({"metadata": {"resourceVersion": node.revision().to_string()}, "spec": {"taints": taints}}));
                self.context.client.patch(&NODES, None, &key.name, None, patch).await?;
            }
            Ok(age.map(|age| GRACE.saturating_sub(age).max(MONITOR)))
        })
    }
}

impl Nodes {
    /// Nothing is known of the node any more.
    async fn unknown(&self, node: &Object, key: &Key) -> Result<(), Status> {
        let now = seconds(self.context.clock.now());
        let condition = |condition: &Value| {
            json!({"type": condition["type"], "status": "Unknown", "reason": "NodeStatusUnknown",
                   "message": "Kubelet stopped posting node status.", "lastTransitionTime": now})
        };
        let conditions: Vec<Value> = node.list_at("/status/conditions").iter().map(condition).collect();
        let patch = Patch::Strategic(json!({"status": {"conditions": conditions}}));
        self.context.client.patch(&NODES, None, &key.name, Some("status"), patch).await?;
        Ok(())
    }

    /// A node is not ready any more, nor is what runs on it.
    async fn tell(&self, node: &Object) -> Result<(), Status> {
        let message = format!("Node {} status is now: NodeNotReady", node.name());
        self.context.events.normal(node, "NodeNotReady", &message).await;
        let now = seconds(self.context.clock.now());
        for pod in self.context.cache.all(&PODS) {
            if pod.str_at("/spec/nodeName") != node.name() || !conditions::is_true(&*pod, "Ready") {
                continue;
            }
            let condition = json!({"type": "Ready", "status": "False", "lastTransitionTime": now});
            let patch = Patch::Strategic(json!({"status": {"conditions": [condition]}}));
            let patched = self
                .context
                .client
                .patch(&PODS, pod.namespace(), pod.name(), Some("status"), patch)
                .await;
            patched.map(drop).or_else(unless_gone)?;
        }
        Ok(())
    }
}

/// The status of the condition `Ready`.
fn ready(node: &Object) -> &str {
    ready_condition(node).map_or("", |ready| ready.str_at("/status"))
}

fn ready_condition(node: &Object) -> Option<&Value> {
    conditions::find(node.list_at("/status/conditions"), "Ready")
}

/// What is gone needs nothing.
pub(super) fn unless_gone(error: Status) -> Result<(), Status> {
    if error.is_not_found() { Ok(()) } else { Err(error) }
}
