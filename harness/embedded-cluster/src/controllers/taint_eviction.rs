//! `taint-eviction-controller`: pods leave nodes whose `NoExecute` taints they do not tolerate, or no longer.
//!
//! How long a toleration lasts counts from when this controller saw the taint. Where the kubelet is silent, pods stay `Terminating` until it is
//! back and lets go of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::fields::{Fields, seconds};
use super::nodes::unless_gone;
use super::pods;
use super::resources::{NODES, PODS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::{DeleteOptions, Patch};
use crate::object::Object;
use crate::scheduler::taints;
use crate::status::Status;
use crate::value::{Value, json};

/// Keys are pods.
pub(crate) struct TaintEviction {
    context: Context,
    /// Since when pods are on a node with such taints.
    since: Mutex<BTreeMap<Key, Instant>>,
}

impl TaintEviction {
    /// A controller that acts in this context.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            since: Mutex::default(),
        }
    }

    fn since(&self) -> MutexGuard<'_, BTreeMap<Key, Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The taints of a pod's node that drive pods away.
    fn taints(&self, pod: &Object) -> Vec<Value> {
        let node = pod.str_at("/spec/nodeName");
        if node.is_empty() {
            return Vec::new();
        }
        let node = self.context.cache.get(&NODES, &Key::new("", node));
        node.map(|node| driving(&node).cloned().collect()).unwrap_or_default()
    }
}

impl Controller for TaintEviction {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&PODS) {
            if change.gone {
                self.since().remove(&change.key());
                return Vec::new();
            }
            let placed = change.old.as_ref().is_none_or(|old| old.at("/spec") != change.object.at("/spec"));
            let affected = placed && !self.taints(&change.object).is_empty();
            return if affected { vec![change.key()] } else { Vec::new() };
        }
        if !change.is(&NODES) || change.gone {
            return Vec::new();
        }
        let old: Vec<&Value> = change.old.as_deref().map(|old| driving(old).collect()).unwrap_or_default();
        if driving(&change.object).eq(old) {
            return Vec::new();
        }
        let pods = self.context.cache.all(&PODS);
        let here = pods.iter().filter(|pod| pod.str_at("/spec/nodeName") == change.object.name());
        here.map(|pod| Key::of(pod)).collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(pod) = self.context.cache.get(&PODS, key) else {
                return Ok(None);
            };
            if pod.deletion_timestamp().is_some() {
                return Ok(None);
            }
            let time = tolerated(&self.taints(&pod), pod.list_at("/spec/tolerations"));
            let Some(time) = time else {
                if self.since().remove(key).is_some() {
                    let message = format!("Cancelling deletion of Pod {}/{}", key.namespace, key.name);
                    self.context.events.normal(&pod, "TaintManagerEviction", &message).await;
                }
                return Ok(None);
            };
            let since = *self.since().entry(key.clone()).or_insert_with(Instant::now);
            let rest = time.saturating_sub(since.elapsed());
            if rest.is_zero() {
                self.evict(&pod).await?;
                return Ok(None);
            }
            Ok(Some(rest))
        })
    }
}

impl TaintEviction {
    async fn evict(&self, pod: &Arc<Object>) -> Result<(), Status> {
        let (client, namespace, name) = (&self.context.client, pod.namespace(), pod.name());
        let message = format!("Marking for deletion Pod {}/{name}", namespace.unwrap_or_default());
        self.context.events.normal(pod, "TaintManagerEviction", &message).await;
        if !pods::is_ended(pod) {
            let condition = json!({
                "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
                "message": "Taint manager: deleting due to NoExecute taint", "lastTransitionTime": seconds(self.context.clock.now()),
            });
            let patch = Patch::Strategic(json!({"status": {"conditions": [condition]}}));
            let patched = client.patch(&PODS, namespace, name, Some("status"), patch).await;
            patched.map(drop).or_else(unless_gone)?;
        }
        let deleted = client.delete(&PODS, namespace, name, &DeleteOptions::of_uid(pod.uid())).await;
        deleted.or_else(unless_gone)
    }
}

fn driving(node: &Object) -> impl Iterator<Item = &Value> {
    node.list_at("/spec/taints")
        .iter()
        .filter(|taint| taint.str_at("/effect") == "NoExecute")
}

/// How long a pod may stay: for ever (`None`) where its tolerations have no limit, not at all where a taint is not tolerated.
fn tolerated(driving: &[Value], tolerations: &[Value]) -> Option<Duration> {
    let mut least = None;
    for taint in driving {
        let mut matching = tolerations
            .iter()
            .filter(|toleration| taints::tolerates(toleration, taint))
            .peekable();
        if matching.peek().is_none() {
            return Some(Duration::ZERO);
        }
        let limits = matching.filter_map(|toleration| toleration.number_at("/tolerationSeconds"));
        let limit = limits.map(|limit| Duration::from_secs(u64::try_from(limit).unwrap_or(0))).min();
        least = least.into_iter().chain(limit).min();
    }
    least
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_taint(json!([]), json!([]), None)]
    #[case::not_tolerated(json!(["a"]), json!([{"key": "b", "operator": "Exists"}]), Some(0))]
    #[case::one_of_two(json!(["a", "b"]), json!([{"key": "a", "operator": "Exists"}]), Some(0))]
    #[case::for_ever(json!(["a"]), json!([{"operator": "Exists"}]), None)]
    #[case::for_a_while(json!(["a"]), json!([{"key": "a", "operator": "Exists", "tolerationSeconds": 300}]), Some(300))]
    #[case::the_shortest(json!(["a", "b"]), json!([
        {"key": "a", "operator": "Exists", "tolerationSeconds": 30}, {"key": "b", "operator": "Exists"}, {"operator": "Exists", "tolerationSeconds": 40},
    ]), Some(30))]
    #[case::negative(json!(["a"]), json!([{"operator": "Exists", "tolerationSeconds": -1}]), Some(0))]
    fn how_long(#[case] keys: Value, #[case] tolerations: Value, #[case] expected: Option<u64>) {
        let keys = keys.as_array().unwrap().iter();
        let driving: Vec<Value> = keys.map(|key| json!({"key": key, "effect": "NoExecute"})).collect();
        assert_eq!(
            tolerated(&driving, tolerations.as_array().unwrap()),
            expected.map(Duration::from_secs)
        );
    }
}
