//! Pods without a node, in the order in which the scheduler looks at them.
//!
//! Thousands may wait for a place that one pod at a time leaves. To look at all of them for each place would cost their product, so those that
//! ask nodes for the same stand in one line: where the first finds no place, the ones behind it find none either.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::affinity;
use super::preemption::priority;
use super::request::Request;
use crate::controllers::fields::Fields;
use crate::controllers::runtime::{Key, backoff};
use crate::controllers::volumes::used_by;
use crate::object::Object;
use crate::value::Value;

/// The longest wait after errors of the API server: kube-scheduler's `podMaxBackoffSeconds`.
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// More important pods first, then older ones.
type Order = (i64, String, Key);

/// What the pods of one line have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    /// Everything that decides whether a node has room for them.
    Alike(Arc<str>),
    /// Nothing: the place of this pod also depends on other pods, volumes or ports.
    Alone(Key),
}

#[derive(Clone, Debug)]
struct Waiter {
    order: Order,
    line: Line,
    errors: u32,
}

/// The scheduler's queue.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pods: HashMap<Key, Waiter>,
    /// To be looked at.
    active: BTreeSet<Order>,
    /// Had no place when they were last looked at, or are on their way to one.
    parked: BTreeMap<Line, BTreeSet<Order>>,
    /// To be looked at again at that time.
    failed: BTreeSet<(Instant, Key)>,
}

impl Waiting {
    /// A pod that is new, or not what it was.
    pub(super) fn add(&mut self, pod: &Object) {
        let key = Key::of(pod);
        self.remove(&key);
        let order = (-priority(pod), pod.creation_timestamp().to_owned(), key.clone());
        self.active.insert(order.clone());
        let line = line(pod, &key);
        self.pods.insert(key, Waiter { order, line, errors: 0 });
    }

    /// A pod waits no longer: it has a place, or is gone. What it was called for may be somebody else's.
    pub(super) fn remove(&mut self, key: &Key) {
        let Some(waiter) = self.pods.remove(key) else { return };
        if self.take_out(&waiter) {
            self.call_after(&waiter);
        }
    }

    /// The next to look at.
    pub(super) fn first(&mut self, now: Instant) -> Option<Key> {
        while self.failed.first().is_some_and(|(due, _)| *due <= now) {
            let again = self.failed.pop_first().and_then(|(_, key)| self.pods.get(&key));
            self.active.extend(again.map(|waiter| waiter.order.clone()));
        }
        self.active.first().map(|(_, _, key)| key.clone())
    }

    /// How long it takes until there is something to look at.
    pub(super) fn next_due(&self, now: Instant) -> Option<Duration> {
        match (self.active.is_empty(), self.failed.first()) {
            (false, _) => Some(Duration::ZERO),
            (true, failed) => failed.map(|(due, _)| due.saturating_duration_since(now)),
        }
    }

    /// A pod has been looked at. If it got a place or was told something `new`, the next in its line is looked at too.
    pub(super) fn park(&mut self, key: &Key, new: bool) {
        let Some(waiter) = self.pods.get(key).cloned() else { return };
        self.take_out(&waiter);
        self.parked.entry(waiter.line.clone()).or_default().insert(waiter.order.clone());
        if new {
            self.call_after(&waiter);
        }
    }

    /// Room is being made for a pod on one node: from now on its place is a matter of its own.
    pub(super) fn set_apart(&mut self, key: &Key) {
        if let Some(waiter) = self.pods.get_mut(key) {
            let before = std::mem::replace(&mut waiter.line, Line::Alone(key.clone()));
            let waiter = Waiter {
                line: before,
                ..waiter.clone()
            };
            self.take_out(&waiter);
            self.call_after(&waiter);
        }
    }

    /// A pod could not be dealt with: it is looked at again later, and others meanwhile.
    pub(super) fn fail(&mut self, key: &Key, now: Instant) {
        let Some(waiter) = self.pods.get_mut(key) else { return };
        let delay = backoff(waiter.errors, LONGEST_DELAY);
        waiter.errors += 1;
        let waiter = waiter.clone();
        self.take_out(&waiter);
        self.failed.insert((now + delay, key.clone()));
        self.call_after(&waiter);
    }

    /// There is room somewhere: the first of each line is looked at.
    pub(super) fn call_first(&mut self) {
        self.parked.retain(|_, orders| {
            self.active.extend(orders.pop_first());
            !orders.is_empty()
        });
    }

    /// The nodes are not what they were: everybody is looked at.
    pub(super) fn call_all(&mut self) {
        self.active.extend(std::mem::take(&mut self.parked).into_values().flatten());
    }

    /// Those are looked at that `may` have a place now, of the pods that depend on more than nodes.
    pub(super) fn call_alone(&mut self, may: impl Fn(&Key) -> bool) {
        self.parked.retain(|line, orders| {
            let called = matches!(line, Line::Alone(key) if may(key));
            if called {
                self.active.append(orders);
            }
            !called
        });
    }

    fn call_after(&mut self, waiter: &Waiter) {
        let Some(line) = self.parked.get_mut(&waiter.line) else { return };
        let next = line.range((Bound::Excluded(&waiter.order), Bound::Unbounded)).next().cloned();
        if let Some(next) = next {
            line.remove(&next);
            self.active.insert(next);
        }
        if line.is_empty() {
            self.parked.remove(&waiter.line);
        }
    }

    /// Takes a pod from where it waits. Whether it was to be looked at.
    fn take_out(&mut self, waiter: &Waiter) -> bool {
        if let Some(line) = self.parked.get_mut(&waiter.line)
            && line.remove(&waiter.order)
        {
            if line.is_empty() {
                self.parked.remove(&waiter.line);
            }
            return false;
        }
        if waiter.errors > 0 {
            self.failed.retain(|(_, key)| *key != waiter.order.2);
        }
        self.active.remove(&waiter.order)
    }
}

/// Whether other pods can be what a pod waits for.
pub(super) fn wants_company(pod: &Object) -> bool {
    pod.at("/spec/affinity/podAffinity").is_object() || !pod.list_at("/spec/topologySpreadConstraints").is_empty()
}

/// What of a pod decides which nodes have room for it.
#[derive(Serialize)]
struct Wishes<'a> {
    priority: i64,
    preemption: &'a str,
    request: BTreeMap<&'a str, i64>,
    selector: &'a Value,
    affinity: &'a Value,
    tolerations: &'a [Value],
}

fn line(pod: &Object, key: &Key) -> Line {
    let mut ports = pod
        .list_at("/spec/containers")
        .iter()
        .flat_map(|container| container.list_at("/ports"));
    let alone = wants_company(pod)
        || affinity::avoids(pod)
        || !pod.str_at("/status/nominatedNodeName").is_empty()
        || used_by(pod).next().is_some()
        || ports.any(|port| !port["hostPort"].is_null());
    if alone {
        return Line::Alone(key.clone());
    }
    let request = Request::of(pod).exact;
    let wishes = Wishes {
        priority: priority(pod),
        preemption: pod.str_at("/spec/preemptionPolicy"),
        request: request.iter().collect(),
        selector: pod.at("/spec/nodeSelector"),
        affinity: pod.at("/spec/affinity/nodeAffinity"),
        tolerations: pod.list_at("/spec/tolerations"),
    };
    // Maps have an order, so equal wishes are equal texts.
    serde_json::to_string(&wishes).map_or_else(|_| Line::Alone(key.clone()), |text| Line::Alike(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn pod(name: &str, priority: i64, cpu: &str) -> Object {
        Object::new(json!({
            "metadata": {"namespace": "ns", "name": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"priority": priority, "containers": [{"resources": {"requests": {"cpu": cpu}}}]},
        }))
    }

    fn key(name: &str) -> Key {
        Key::new("ns", name)
    }

    /// Looks at all that are to be looked at, and gives none a place. Names, in the order looked at.
    fn look(waiting: &mut Waiting) -> String {
        let mut seen = Vec::new();
        while let Some(key) = waiting.first(Instant::now()) {
            waiting.park(&key, false);
            seen.push(key.name.to_string());
        }
        seen.join(" ")
    }

    fn waiting(pods: &[Object]) -> Waiting {
        let mut waiting = Waiting::default();
        pods.iter().for_each(|pod| waiting.add(pod));
        waiting
    }

    #[tokio::test(start_paused = true)]
    async fn important_ones_first_and_of_a_line_only_the_first_again() {
        let mut waiting = waiting(&[
            pod("a", 0, "1"),
            pod("b", 0, "1"),
            pod("c", 5, "1"),
            pod("d", 0, "2"),
            pod("e", 0, "1"),
        ]);
        assert_eq!(look(&mut waiting), "c a b d e");
        assert_eq!((look(&mut waiting), waiting.next_due(Instant::now())), (String::new(), None));
        waiting.call_first();
        assert_eq!(look(&mut waiting), "c a d");
        waiting.call_all();
        assert_eq!(look(&mut waiting), "c a b d e");
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_a_place_or_goes_calls_the_next_in_line() {
        let mut waiting = waiting(&[pod("a", 0, "1"), pod("b", 0, "1"), pod("c", 0, "1")]);
        look(&mut waiting);
        waiting.remove(&key("b"));
        assert_eq!(look(&mut waiting), "");
        waiting.call_first();
        waiting.remove(&key("a"));
        assert_eq!(look(&mut waiting), "c");
    }

    #[tokio::test(start_paused = true)]
    async fn news_go_down_the_line() {
        let mut waiting = waiting(&[pod("a", 0, "1"), pod("b", 0, "1"), pod("c", 0, "1")]);
        look(&mut waiting);
        waiting.call_first();
        let now = Instant::now();
        assert_eq!(waiting.first(now), Some(key("a")));
        waiting.park(&key("a"), true);
        assert_eq!(waiting.first(now), Some(key("b")));
        waiting.park(&key("b"), false);
        assert_eq!(waiting.first(now), None);
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_error_others_come_first() {
        let mut waiting = waiting(&[pod("a", 0, "1"), pod("b", 0, "1")]);
        let (now, first) = (Instant::now(), Duration::from_millis(5));
        waiting.fail(&key("a"), now);
        assert_eq!(look(&mut waiting), "b");
        assert_eq!(waiting.next_due(now), Some(first));
        assert_eq!(waiting.first(now + first), Some(key("a")));
        waiting.fail(&key("a"), now);
        assert_eq!(look(&mut waiting), "b");
        assert_eq!(waiting.next_due(now), Some(first * 2));
        waiting.remove(&key("a"));
        assert_eq!(waiting.next_due(now), None);
    }

    #[tokio::test(start_paused = true)]
    async fn some_stand_alone() {
        let mut volume = pod("v", 0, "1").value().clone();
        volume["spec"]["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
        let mut waiting = waiting(&[pod("a", 0, "1"), Object::new(volume)]);
        look(&mut waiting);
        waiting.call_alone(|key| key.name == "v");
        assert_eq!(look(&mut waiting), "v");
        waiting.call_alone(|_| false);
        assert_eq!(look(&mut waiting), "");
    }
}
