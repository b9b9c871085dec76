//! Events: what controllers did, for people (`kubectl describe`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::value::{Value, json};
use simnet::Clock;

use super::Key;
use crate::client::{Client, Patch};
use crate::controllers::fields::seconds;
use crate::controllers::resources::EVENTS;
use crate::object::Object;

/// Recent events that may be counted up instead of repeated, per recorder.
const REMEMBERED: usize = 512;

/// Writes the events of one component.
#[derive(Clone)]
pub(crate) struct Recorder {
    client: Client,
    clock: Clock,
    component: &'static str,
    /// Makes names unique within one instant; shared by the recorders of a program.
    sequence: Arc<AtomicU64>,
    seen: Arc<Mutex<HashMap<String, (Key, u64)>>>,
}

impl Recorder {
    /// A recorder for `component`, for example `replicaset-controller`.
    pub(crate) fn new(client: Client, clock: Clock, component: &'static str, sequence: Arc<AtomicU64>) -> Self {
        Self {
            client,
            clock,
            component,
            sequence,
            seen: Arc::default(),
        }
    }

    /// Something went as it should.
    pub(crate) async fn normal(&self, about: &Object, reason: &str, message: &str) {
        self.record(about, "Normal", reason, message).await;
    }

    /// Something did not go as it should.
    pub(crate) async fn warning(&self, about: &Object, reason: &str, message: &str) {
        self.record(about, "Warning", reason, message).await;
    }

    /// Events are a courtesy: that one cannot be written stops no controller.
    async fn record(&self, about: &Object, kind: &str, reason: &str, message: &str) {
        let identity = [about.uid(), kind, reason, message].join("\n");
        if let Some((key, count)) = self.again(&identity) {
            let now = seconds(self.clock.now());
            let patch = Patch::Merge(json!({"count": count, "lastTimestamp": now}));
            if self.client.patch(&EVENTS, key.scope(), &key.name, None, patch).await.is_ok() {
                return;
            }
        }
        let event = self.event(about, kind, reason, message);
        let namespace = about.namespace().unwrap_or("default");
        match self.client.create(&EVENTS, Some(namespace), event).await {
            Ok(event) => self.remember(identity, Key::of(&event)),
            Err(error) => tracing::debug!(component = self.component, reason, %error, "event not recorded"),
        }
    }

    fn event(&self, about: &Object, kind: &str, reason: &str, message: &str) -> Value {
        let now = self.clock.now();
        let unique = u128::try_from(now.as_nanosecond()).unwrap_or(0) + u128::from(self.sequence.fetch_add(1, Ordering::Relaxed));
        let mut involved = json!({
            "apiVersion": about.api_version(), "kind": about.kind(), "name": about.name(), "uid": about.uid(),
            "resourceVersion": about.revision().to_string(),
        });
        if let Some(namespace) = about.namespace() {
            involved["namespace"] = namespace.into();
        }
        let time = seconds(now);
        json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("{}.{unique:x}", about.name()), "namespace": about.namespace().unwrap_or("default")},
            "involvedObject": involved, "type": kind, "reason": reason, "message": message,
            "source": {"component": self.component}, "reportingComponent": self.component, "reportingInstance": "",
            "firstTimestamp": time, "lastTimestamp": time, "count": 1, "eventTime": null,
        })
    }

    /// Where the same event was recorded before, with its count of one more.
    fn again(&self, identity: &str) -> Option<(Key, u64)> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, count) = seen.get_mut(identity)?;
        *count += 1;
        Some((key.clone(), *count))
    }

    fn remember(&self, identity: String, key: Key) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(identity, (key, 1));
    }
}
