//! Events about pods, in Kubernetes' words.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::json;
use simnet::Clock;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::api::Unread;

const COMPONENT: &str = "kubelet";

/// Records events in order, beside the pods' own work. Repeats of an event raise its count.
pub(crate) struct Recorder {
    clock: Clock,
    queue: mpsc::UnboundedSender<Message>,
    _writer: AbortOnDropHandle<()>,
}

/// Whether an event tells of the usual or of trouble.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Normal,
    Warning,
}

enum Message {
    Record(Box<Record>),
    Forget(String),
}

struct Record {
    time: Timestamp,
    about: ObjectReference,
    severity: Severity,
    reason: &'static str,
    message: String,
}

impl Recorder {
    pub(crate) fn start(client: Client, node: &str, clock: Clock) -> Self {
        let (queue, messages) = mpsc::unbounded_channel();
        let writer = Writer {
            client,
            node: node.to_owned(),
            written: BTreeMap::new(),
            last: 0,
        };
        Self {
            clock,
            queue,
            _writer: AbortOnDropHandle::new(tokio::spawn(writer.run(messages))),
        }
    }

    /// Records an event about a pod, or about one of its containers where `field` names it, as in
    /// `spec.containers{main}`.
    pub(crate) fn record(&self, pod: &Pod, field: Option<String>, severity: Severity, reason: &'static str, message: String) {
        let about = ObjectReference {
            field_path: field,
            resource_version: pod.resource_version(),
            ..pod.object_ref(&())
        };
        let record = Record {
            time: self.clock.now(),
            about,
            severity,
            reason,
            message,
        };
        self.send(Message::Record(Box::new(record)));
    }

    /// Forgets what was counted for a pod that is gone.
    pub(crate) fn forget(&self, uid: String) {
        self.send(Message::Forget(uid));
    }

    fn send(&self, message: Message) {
        // The writer ends only with the recorder.
        drop(self.queue.send(message));
    }
}

/// What makes two events one: pod, field, severity, reason, message.
type Key = (String, Option<String>, Severity, &'static str, String);

struct Writer {
    client: Client,
    node: String,
    written: BTreeMap<Key, Written>,
    last: i128,
}

struct Written {
    name: String,
    count: i32,
}

impl Writer {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        while let Some(message) = messages.recv().await {
            match message {
                Message::Record(record) => self.write(*record).await,
                Message::Forget(uid) => self.forget(uid),
            }
        }
    }

    fn forget(&mut self, uid: String) {
        let first = (uid.clone(), None, Severity::Normal, "", String::new());
        let of_pod = self.written.range(first..).map(|(key, _)| key).take_while(|key| key.0 == uid);
        for key in of_pod.cloned().collect::<Vec<_>>() {
            self.written.remove(&key);
        }
    }

    async fn write(&mut self, record: Record) {
        let namespace = record.about.namespace.clone().unwrap_or_default();
        let events: Api<Unread<Event>> = Api::namespaced(self.client.clone(), &namespace);
        let about = record.about.name.clone().unwrap_or_default();
        let key = (
            record.about.uid.clone().unwrap_or_default(),
            record.about.field_path.clone(),
            record.severity,
            record.reason,
            record.message.clone(),
        );
        let result = match self.written.entry(key) {
            Entry::Occupied(mut entry) => {
                let written = entry.get_mut();
                written.count += 1;
                let patch = json!({"count": written.count, "lastTimestamp": Time(record.time)});
                events.patch(&written.name, &PatchParams::default(), &Patch::Strategic(patch)).await
            }
            Entry::Vacant(entry) => {
                let time = record.time.as_nanosecond().max(self.last + 1);
                let (written, created) = create(&events, event(record, &self.node), time).await;
                self.last = written;
                entry.insert(Written {
                    name: event_name(&about, written),
                    count: 1,
                });
                created
            }
        };
        if let Err(error) = result {
            // As in a kubelet, an event that is refused (its namespace is going, say) is no fault of the pod.
            tracing::debug!(%error, "event not recorded");
        }
    }
}

/// Creates an event under the first free name from `time` on: in virtual time, others' events of the same moment are many.
async fn create(events: &Api<Unread<Event>>, event: Event, mut time: i128) -> (i128, kube::Result<Unread<Event>>) {
    let mut event = Unread(event);
    loop {
        let name = event_name(event.0.involved_object.name.as_deref().unwrap_or_default(), time);
        event.0.metadata.name = Some(name);
        match events.create(&PostParams::default(), &event).await {
            Err(kube::Error::Api(answer)) if answer.is_already_exists() => time += 1,
            result => return (time, result),
        }
    }
}

/// As client-go names events: the object's name and a time.
fn event_name(about: &str, time: i128) -> String {
    format!("{about}.{time:x}")
}

fn event(record: Record, node: &str) -> Event {
    let severity = match record.severity {
        Severity::Normal => "Normal",
        Severity::Warning => "Warning",
    };
    Event {
        metadata: ObjectMeta {
            namespace: record.about.namespace.clone(),
            ..ObjectMeta::default()
        },
        involved_object: record.about,
        type_: Some(severity.to_owned()),
        reason: Some(record.reason.to_owned()),
        message: Some(record.message),
        source: Some(EventSource {
            component: Some(COMPONENT.to_owned()),
            host: Some(node.to_owned()),
        }),
        reporting_component: Some(COMPONENT.to_owned()),
        reporting_instance: Some(node.to_owned()),
        first_timestamp: Some(Time(record.time)),
        last_timestamp: Some(Time(record.time)),
        count: Some(1),
        ..Event::default()
    }
}
