//! `disruption-controller`: how many pods of a PodDisruptionBudget may be evicted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::value::{Map, Value, json};
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::conditions;
use super::fields::{Fields, omit_empty, seconds};
use super::int_or_percent::{Round, resolve};
use super::pods;
use super::resources::{DEPLOYMENTS, DISRUPTION_BUDGETS, PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use super::selector;
use crate::object::Object;

/// How long an evicted pod that is still there counts as gone.
const DISRUPTION_TIMEOUT: Duration = Duration::from_secs(120);

/// Keys are PodDisruptionBudgets.
pub(crate) struct Disruption(pub(crate) Context);

impl Controller for Disruption {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&DISRUPTION_BUDGETS) {
            return if change.gone { vec![] } else { vec![change.key()] };
        }
        let scaled = [&DEPLOYMENTS, &REPLICA_SETS, &REPLICATION_CONTROLLERS, &STATEFUL_SETS]
            .into_iter()
            .any(|resource| change.is(resource));
        if !scaled && !change.is(&PODS) {
            return vec![];
        }
        let budgets = self
            .0
            .cache
            .in_namespace(&DISRUPTION_BUDGETS, change.object.namespace().unwrap_or_default());
        let concerned = |budget: &Object| {
            scaled
                || change
                    .states()
                    .any(|pod| selector::matches(budget.at("/spec/selector"), pod.labels()))
        };
        budgets
            .iter()
            .filter(|budget| concerned(budget))
            .map(|budget| Key::of(budget))
            .collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { cache, client, clock, .. } = &self.0;
            let Some(budget) = cache.get(&DISRUPTION_BUDGETS, key) else {
                return Ok(None);
            };
            let all = cache.in_namespace(&PODS, &key.namespace);
            let selected = |pod: &Arc<Object>| selector::matches(budget.at("/spec/selector"), pod.labels()) && !pods::is_ended(pod);
            let pods: Vec<Arc<Object>> = all.into_iter().filter(selected).collect();
            let expected = self.expected(&budget, &pods);
            let (status, again) = status(&budget, &pods, expected, clock.now());
            if status != *budget.at("/status") {
                let mut value = budget.value().clone();
                value["status"] = status;
                client.update_status(&DISRUPTION_BUDGETS, value).await?;
            }
            Ok(again)
        })
    }
}

impl Disruption {
    /// Pods that there should be: those there are for a fixed minimum, else what their
    /// controllers are scaled to.
    fn expected(&self, budget: &Object, pods: &[Arc<Object>]) -> i64 {
        let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        if budget.at("/spec/minAvailable").is_i64() {
            return count(pods.len());
        }
        let mut seen = BTreeSet::new();
        let scales = pods
            .iter()
            .filter_map(|pod| self.scaled(pod))
            .filter(|top| seen.insert(top.uid().to_owned()));
        scales.map(|top| top.int_at("/spec/replicas")).sum()
    }

    /// The topmost controller of a pod that has a scale.
    fn scaled(&self, pod: &Object) -> Option<Arc<Object>> {
        let (_, owner) = self.0.cache.by_uid(&pod.controller()?.uid)?;
        let above = owner.controller().and_then(|above| self.0.cache.by_uid(&above.uid));
        Some(above.map_or(owner, |(_, above)| above))
    }
}

fn status(budget: &Object, pods: &[Arc<Object>], expected: i64, now: Timestamp) -> (Value, Option<Duration>) {
    let (disrupted, again) = disrupted(budget, pods, now);
    let counted = |pod: &&Arc<Object>| pods::is_ready(*pod) && pod.deletion_timestamp().is_none() && !disrupted.contains_key(pod.name());
    let healthy = i64::try_from(pods.iter().filter(counted).count()).unwrap_or(i64::MAX);
    let minimum = resolve(budget.at("/spec/minAvailable"), expected, Round::Up);
    let missing = resolve(budget.at("/spec/maxUnavailable"), expected, Round::Up);
    let desired = minimum.unwrap_or_else(|| (expected - missing.unwrap_or(0)).max(0));
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let (value, reason) = if allowed > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    let mut list = budget.list_at("/status/conditions").to_vec();
    let condition = conditions::Condition {
        kind: "DisruptionAllowed",
        status: value,
        reason,
        message: "",
    };
    conditions::set(&mut list, &condition, &seconds(now), None);
    if let Some(condition) = list.iter_mut().find(|condition| condition["type"] == "DisruptionAllowed") {
        condition["observedGeneration"] = budget.generation().into();
    }
    let mut status = omit_empty(json!({"observedGeneration": budget.generation(), "conditions": list}));
    for (field, number) in [
        ("currentHealthy", healthy),
        ("desiredHealthy", desired),
        ("expectedPods", expected),
        ("disruptionsAllowed", allowed),
    ] {
        status[field] = number.into();
    }
    if !disrupted.is_empty() {
        status["disruptedPods"] = Value::Object(disrupted);
    }
    (status, again)
}

/// Pods whose eviction was allowed and that are not deleted yet, and when the next one counts again.
fn disrupted(budget: &Object, pods: &[Arc<Object>], now: Timestamp) -> (Map, Option<Duration>) {
    let mut kept = Map::new();
    let mut again = None;
    for (name, since) in budget.map_at("/status/disruptedPods").into_iter().flatten() {
        let there = pods.iter().any(|pod| pod.name() == name && pod.deletion_timestamp().is_none());
        let passed = since
            .time_at("")
            .and_then(|since| Duration::try_from(now.duration_since(since)).ok())
            .unwrap_or_default();
        let left = DISRUPTION_TIMEOUT.saturating_sub(passed);
        if there && !left.is_zero() {
            kept.insert(name.clone(), since.clone());
            again = Some(again.map_or(left, |next: Duration| next.min(left)));
        }
    }
    (kept, again)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::percent(json!({"minAvailable": "50%"}), 3, 3, (2, 1))]
    #[case::fixed(json!({"minAvailable": 2}), 2, 2, (2, 0))]
    #[case::unavailable(json!({"maxUnavailable": 1}), 3, 3, (2, 1))]
    #[case::percent_unavailable(json!({"maxUnavailable": "30%"}), 3, 2, (2, 0))]
    #[case::nobody_expected(json!({"maxUnavailable": 1}), 0, 0, (0, 0))]
    fn budgets(#[case] spec: Value, #[case] expected: i64, #[case] ready: usize, #[case] (desired, allowed): (i64, i64)) {
        let pod = |name| json!({"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        let pods: Vec<_> = (0..ready).map(|n| Arc::new(Object::new(pod(n.to_string())))).collect();
        let (status, _) = status(&Object::new(json!({"spec": spec})), &pods, expected, Timestamp::UNIX_EPOCH);
        assert_eq!(
            (status.int_at("/desiredHealthy"), status.int_at("/disruptionsAllowed")),
            (desired, allowed)
        );
    }
}
