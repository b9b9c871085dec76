//! `node-controller`: nodes whose kubelet is no longer heard of, and the pods on them.
//!
//! A kubelet renews its Lease. Once that is older than the grace period, the node's conditions are `Unknown`, taints keep new pods off, and pods
//! that do not tolerate them any longer are deleted. They stay, `Terminating`, until the kubelet is back and lets go of them. Nodes that never had
//! a Lease have no kubelet to be heard of; they are left alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use super::fields::{Fields, seconds};
use super::pods;
use super::resources::{LEASES, NODES, PODS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::{DeleteOptions, Patch};
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

/// kube-controller-manager's `--node-monitor-grace-period`.
const GRACE: Duration = Duration::from_secs(50);
/// Its `--node-monitor-period`.
const MONITOR: Duration = Duration::from_secs(5);
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// What kube-apiserver gives to every node that registers.
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const LEASE_NAMESPACE: &str = "kube-node-lease";

/// Keys are nodes.
pub(crate) struct Nodes {
    context: Context,
    /// When each node's Lease was last seen to change, by this controller's own time: the kubelet's clock may be wrong.
    heard: Mutex<BTreeMap<String, Instant>>,
}

impl Nodes {
    /// A controller that acts in this context.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            heard: Mutex::default(),
        }
    }

    /// How long ago a node's kubelet was heard of; `None` if it never was.
    fn age(&self, node: &str) -> Option<Duration> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(node).map(Instant::elapsed)
    }

    /// Notes a sign of life; true for the first one.
    fn hear(&self, node: &str) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.insert(node.to_owned(), Instant::now()).is_none()
    }
}

impl Controller for Nodes {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let node = if change.is(&NODES) && !change.gone {
            // A kubelet that comes back says first that it is ready.
            let beat = |node: &Object| ready_condition(node).map(|ready| ready.str_at("/lastHeartbeatTime").to_owned());
            let said = change.old.as_ref().is_some_and(|old| beat(old) != beat(&change.object));
            if said && ready(&change.object) == "True" && self.age(change.object.name()).is_some() {
                self.hear(change.object.name());
            }
            change.object.name()
        } else if change.is(&LEASES) && !change.gone && change.object.namespace() == Some(LEASE_NAMESPACE) {
            if !self.hear(change.object.name()) {
                return Vec::new();
            }
            change.object.name()
        } else if change.is(&PODS) && change.old.is_none() && self.is_unreachable(change.object.str_at("/spec/nodeName")) {
            change.object.str_at("/spec/nodeName")
        } else {
            return Vec::new();
        };
        vec![Key::new("", node)]
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let cache = &self.context.cache;
            let Some(node) = cache.get(&NODES, key) else { return Ok(None) };
            let Some(age) = self.age(&key.name) else { return Ok(None) };
            let now = self.context.clock.now();
            let tainted = taint(&node).is_some();
            if age < GRACE {
                let tainted = tainted || has_taint(&node, NOT_READY);
                // The kubelet itself says that it is ready.
                if tainted && ready(&node) == "True" {
                    self.free(&node, key).await?;
                }
                return Ok(Some(if tainted { MONITOR } else { (GRACE - age).max(MONITOR) }));
            }
            if ready(&node) != "Unknown" {
                self.unknown(&node, key).await?;
                return Ok(Some(Duration::ZERO));
            }
            if !tainted {
                self.taint(&node, key).await?;
                return Ok(Some(Duration::ZERO));
            }
            let next = self.evict(&node, now).await?;
            Ok(Some(next.map_or(MONITOR, |next| next.min(MONITOR).max(Duration::from_millis(1)))))
        })
    }
}

impl Nodes {
    fn is_unreachable(&self, node: &str) -> bool {
        !node.is_empty()
            && self
                .context
                .cache
                .get(&NODES, &Key::new("", node))
                .is_some_and(|node| taint(&node).is_some())
    }

    /// Nothing is known of the node any more, nor of what is on it.
    async fn unknown(&self, node: &Object, key: &Key) -> Result<(), Status> {
        let now = seconds(self.context.clock.now());
        let condition = |condition: &Value| {
            json!({"type": condition["type"], "status": "Unknown", "reason": "NodeStatusUnknown",
                   "message": "Kubelet stopped posting node status.", "lastTransitionTime": now})
        };
        let conditions: Vec<Value> = node.list_at("/status/conditions").iter().map(condition).collect();
        let patch = Patch::Strategic(json!({"status": {"conditions": conditions}}));
        self.context.client.patch(&NODES, None, &key.name, Some("status"), patch).await?;
        let message = format!("Node {} status is now: NodeNotReady", key.name);
        self.context.events.normal(node, "NodeNotReady", &message).await;
        for pod in self.pods(&key.name) {
            let condition = json!({"type": "Ready", "status": "False", "lastTransitionTime": now});
            let patch = Patch::Strategic(json!({"status": {"conditions": [condition]}}));
            let namespace = pod.namespace();
            let patched = self.context.client.patch(&PODS, namespace, pod.name(), Some("status"), patch).await;
            patched.map(drop).or_else(unless_gone)?;
        }
        Ok(())
    }

    async fn taint(&self, node: &Object, key: &Key) -> Result<(), Status> {
        let now = seconds(self.context.clock.now());
        let mut taints = node.list_at("/spec/taints").to_vec();
        for effect in ["NoSchedule", "NoExecute"] {
            taints.push(json!({"key": UNREACHABLE, "effect": effect, "timeAdded": now}));
        }
        self.set_taints(key, taints).await
    }

    async fn free(&self, node: &Object, key: &Key) -> Result<(), Status> {
        let others = node
            .list_at("/spec/taints")
            .iter()
            .filter(|taint| ![UNREACHABLE, NOT_READY].contains(&taint.str_at("/key")));
        self.set_taints(key, others.cloned().collect()).await
    }

    async fn set_taints(&self, key: &Key, taints: Vec<Value>) -> Result<(), Status> {
        let taints = if taints.is_empty() { Value::Null } else { taints.into() };
        let patch = Patch::Merge(json!({"spec": {"taints": taints}}));
        self.context.client.patch(&NODES, None, &key.name, None, patch).await.map(drop)
    }

    /// Deletes the pods whose toleration is over; tells how long until the next one's is.
    async fn evict(&self, node: &Object, now: Timestamp) -> Result<Option<Duration>, Status> {
        let Some(since_taint) = taint(node).map(|taint| taint.time_at("/timeAdded").map_or(Duration::MAX, |added| since(added, now)))
        else {
            return Ok(None);
        };
        let mut next = None;
        for pod in self.pods(node.name()) {
            let Some(tolerated) = tolerated(&pod).filter(|_| pod.deletion_timestamp().is_none()) else {
                continue;
            };
            if since_taint < tolerated {
                let rest = tolerated - since_taint;
                next = Some(next.map_or(rest, |next: Duration| next.min(rest)));
                continue;
            }
            self.delete(&pod).await?;
        }
        Ok(next)
    }

    async fn delete(&self, pod: &Object) -> Result<(), Status> {
        let (namespace, name) = (pod.namespace(), pod.name());
        let message = format!("Marking for deletion Pod {}/{name}", namespace.unwrap_or_default());
        self.context.events.normal(pod, "TaintManagerEviction", &message).await;
        if !pods::is_ended(pod) {
            let condition = json!({
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
                "message": "Taint manager: deleting due to NoExecute taint", "lastTransitionTime": seconds(self.context.clock.now()),
            });
            let patch = Patch::Strategic(json!({"status": {"conditions": [condition]}}));
            let patched = self.context.client.patch(&PODS, namespace, name, Some("status"), patch).await;
            patched.map(drop).or_else(unless_gone)?;
        }
        let deleted = self
            .context
            .client
            .delete(&PODS, namespace, name, &DeleteOptions::of_uid(pod.uid()))
            .await;
        deleted.or_else(unless_gone)
    }

    fn pods(&self, node: &str) -> Vec<std::sync::Arc<Object>> {
        let mut pods = self.context.cache.all(&PODS);
        pods.retain(|pod| pod.str_at("/spec/nodeName") == node);
        pods
    }
}

fn has_taint(node: &Object, key: &str) -> bool {
    node.list_at("/spec/taints").iter().any(|taint| taint.str_at("/key") == key)
}

/// The taint that drives pods off.
fn taint(node: &Object) -> Option<&Value> {
    let taints = node.list_at("/spec/taints").iter();
    taints
        .into_iter()
        .find(|taint| taint.str_at("/key") == UNREACHABLE && taint.str_at("/effect") == "NoExecute")
}

/// The status of the condition `Ready`.
fn ready(node: &Object) -> &str {
    ready_condition(node).map_or("", |ready| ready.str_at("/status"))
}

fn ready_condition(node: &Object) -> Option<&Value> {
    let conditions = node.list_at("/status/conditions").iter();
    conditions.into_iter().find(|condition| condition.str_at("/type") == "Ready")
}

/// How long a pod tolerates the taint: not at all without a toleration, for ever (`None`) by one without a limit.
fn tolerated(pod: &Object) -> Option<Duration> {
    let matching = pod.list_at("/spec/tolerations").iter().filter(|toleration| {
        let (key, effect) = (toleration.str_at("/key"), toleration.str_at("/effect"));
        let key = key == UNREACHABLE || key.is_empty() && toleration.str_at("/operator") == "Exists";
        key && (effect.is_empty() || effect == "NoExecute")
    });
    let mut least = None;
    let mut any = false;
    for toleration in matching {
        any = true;
        if let Some(limit) = toleration.number_at("/tolerationSeconds") {
            let limit = Duration::from_secs(u64::try_from(limit).unwrap_or(0));
            least = Some(least.map_or(limit, |least: Duration| least.min(limit)));
        }
    }
    if any { least } else { Some(Duration::ZERO) }
}

fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

/// What is gone needs nothing.
fn unless_gone(error: Status) -> Result<(), Status> {
    if error.is_not_found() { Ok(()) } else { Err(error) }
}
