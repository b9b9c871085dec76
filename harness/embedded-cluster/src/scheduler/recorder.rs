//! The scheduler's events. It writes the newer `events.k8s.io` form.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::value::{Value, json};
use simnet::Clock;

use super::cycle::NAME;
use crate::client::{Client, Patch};
use crate::controllers::fields::micros;
use crate::object::Object;
use crate::resource::Resource;

const EVENTS: Resource = Resource::new("events.k8s.io", "v1", "events");

/// One kind of event.
pub(super) struct What<'a> {
    /// `Normal` or `Warning`.
    pub(super) kind: &'a str,
    pub(super) reason: &'a str,
    pub(super) action: &'a str,
    pub(super) note: &'a str,
    /// The other pod that it is about.
    pub(super) related: Option<&'a Object>,
}

/// Writes events; one that repeats becomes a series.
pub(super) struct Recorder {
    client: Client,
    clock: Clock,
    sequence: AtomicU64,
    /// The last event of a pod that may go on as a series, by the pod's uid: note, name, count.
    series: Mutex<HashMap<String, (String, String, u64)>>,
}

impl Recorder {
    pub(super) fn new(client: Client, clock: Clock) -> Self {
        Self {
            client,
            clock,
            sequence: AtomicU64::new(0),
            series: Mutex::default(),
        }
    }

    /// Events are a courtesy: that one cannot be written stops nothing.
    pub(super) async fn record(&self, pod: &Object, what: What<'_>) {
        let now = micros(self.clock.now());
        if let Some((name, count)) = self.again(pod, what.note) {
            let patch = Patch::Merge(json!({"series": {"count": count, "lastObservedTime": now}}));
            if self.client.patch(&EVENTS, pod.namespace(), &name, None, patch).await.is_ok() {
                return;
            }
        }
        let nanos = u128::try_from(self.clock.now().as_nanosecond()).unwrap_or(0);
        let unique = nanos + u128::from(self.sequence.fetch_add(1, Ordering::Relaxed));
        let name = format!("{}.{unique:x}", pod.name());
        let mut event = json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": name, "namespace": pod.namespace()},
            "eventTime": now, "reportingController": NAME, "reportingInstance": NAME,
            "action": what.action, "reason": what.reason, "note": what.note, "type": what.kind,
            "regarding": reference(pod),
        });
        if let Some(related) = what.related {
            event["related"] = reference(related);
        }
        match self.client.create(&EVENTS, pod.namespace(), event).await {
            Ok(event) => self.remember(pod, &what, event.name().to_owned()),
            Err(error) => tracing::debug!(reason = what.reason, %error, "event not recorded"),
        }
    }

    fn again(&self, pod: &Object, note: &str) -> Option<(String, u64)> {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, name, count) = series.get_mut(pod.uid()).filter(|(last, ..)| last == note)?;
        *count += 1;
        Some((name.clone(), *count))
    }

    fn remember(&self, pod: &Object, what: &What<'_>, name: String) {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        if what.kind == "Warning" {
            series.insert(pod.uid().to_owned(), (what.note.to_owned(), name, 1));
        } else {
            // Scheduled: its failures are over.
            series.remove(pod.uid());
        }
    }
}

fn reference(pod: &Object) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "name": pod.name(), "namespace": pod.namespace(), "uid": pod.uid(),
        "resourceVersion": pod.revision().to_string(),
    })
}
