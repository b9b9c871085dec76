//! Requests of one user, as paths and JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::LocalBoxStream;
use futures::{Stream, StreamExt};
use http::{Request, header, request};
use http_body_util::BodyExt;
use kube::core::WatchEvent;
use serde_json::{Value, json};
use tokio::time::timeout;

/// How long anything may take.
const LONGEST: Duration = Duration::from_secs(60);

/// Whose requests they are.
pub(crate) enum Who {
    /// Who may do everything.
    Admin,
    /// Somebody with a certificate, of no group.
    User(String),
    /// Whom a bearer token names.
    Token(String),
    /// Somebody without credentials.
    Nobody,
}

/// A user's connection.
#[derive(Clone)]
pub(crate) struct Session(kube::Client);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// What was asked for.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.code < 300, "{} {:#}", self.code, self.body);
        self.body
    }

    /// A refusal: its code, reason and message.
    #[track_caller]
    pub(crate) fn refused(&self, code: u16, reason: &str, message: &str) {
        let found = (self.code, self.text("reason"), self.text("message"));
        assert_eq!(found, (code, reason, message));
        assert_eq!((&self.body["kind"], &self.body["status"]), (&json!("Status"), &json!("Failure")));
        assert_eq!(self.body["code"], code);
    }

    /// A refusal whose message holds a text.
    #[track_caller]
    pub(crate) fn refused_with(&self, code: u16, reason: &str, part: &str) {
        assert!(self.text("message").contains(part), "{} {:#}\nlacks: {part}", self.code, self.body);
        self.refused(code, reason, self.text("message"));
    }

    fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }
}

impl Session {
    pub(crate) fn new(client: kube::Client) -> Self {
        Self(client)
    }

    /// The answer to a request, whatever it is.
    pub(crate) async fn send(&self, method: &str, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = Request::builder()
            .method(method)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::ACCEPT, "application/json");
        self.answer(request, path, body.into()).await
    }

    /// What is read in another form.
    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.answer(Request::builder().header(header::ACCEPT, accept), path, vec![]).await
    }

    async fn answer(&self, request: request::Builder, path: &str, body: Vec<u8>) -> Answer {
        let request = request.uri(path).body(kube::client::Body::from(body)).unwrap();
        let response = timeout(LONGEST, self.0.send(request)).await.unwrap().unwrap();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
        Answer { code, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, "application/json", body.to_string()).await
    }

    pub(crate) async fn merge(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, "application/merge-patch+json", body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str, options: Value) -> Answer {
        self.send("DELETE", path, "application/json", options.to_string()).await
    }

    /// Events of a watch: their type, and the object.
    pub(crate) async fn watch(&self, path: &str) -> impl Stream<Item = (&'static str, Value)> + Unpin + use<> {
        let request = Request::get(path).body(vec![]).unwrap();
        let events = self.0.request_events::<Value>(request).await.unwrap();
        let events: LocalBoxStream<'static, kube::Result<WatchEvent<Value>>> = Box::pin(events);
        events.map(|event| match event.unwrap() {
            WatchEvent::Added(object) => ("ADDED", object),
            WatchEvent::Modified(object) => ("MODIFIED", object),
            WatchEvent::Deleted(object) => ("DELETED", object),
            WatchEvent::Bookmark(bookmark) => ("BOOKMARK", json!({"resourceVersion": bookmark.metadata.resource_version})),
            WatchEvent::Error(status) => ("ERROR", serde_json::to_value(status).unwrap()),
        })
    }

    /// Waits until an object of a collection, or its absence, is as wanted.
    pub(crate) async fn until(&self, collection: &str, name: &str, wanted: impl Fn(Option<&Value>) -> bool) -> Option<Value> {
        let selected = format!("{collection}?fieldSelector=metadata.name%3D{name}");
        self.until_all(&selected, |all| wanted(all.get(name))).await.remove(name)
    }

    /// Waits until what a query selects, by name, is as wanted.
    pub(crate) async fn until_all(&self, selected: &str, wanted: impl Fn(&BTreeMap<String, Value>) -> bool) -> BTreeMap<String, Value> {
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
        let list = self.get(selected).await.ok();
        let mut now: BTreeMap<_, _> = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|object| (name(object), object.clone()))
            .collect();
        let version = list["metadata"]["resourceVersion"].as_str().unwrap();
        let mut events = self.watch(&format!("{selected}&watch=true&resourceVersion={version}")).await;
        while !wanted(&now) {
            let Ok(event) = timeout(LONGEST, events.next()).await else {
                panic!("{selected} never became as wanted: {now:#?}")
            };
            let (kind, object) = event.unwrap();
            if kind == "DELETED" {
                now.remove(&name(&object));
            } else {
                now.insert(name(&object), object);
            }
        }
        now
    }

    /// Asks until an answer is as wanted: for what no object tells, such as rights that an authorizer has seen.
    pub(crate) async fn eventually(&self, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let ask = async {
            loop {
                let answer = self.get(path).await;
                if wanted(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(LONGEST, ask).await.unwrap()
    }
}
