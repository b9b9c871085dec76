//! The way to an API server of another process, over any `kube::Client`.
//!
//! Whoever acts as a component does so by impersonation, so that the server's own rules for that component decide.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use http::{Method, Request};
use http_body_util::BodyExt;
use kube::core::WatchEvent as Wire;

use super::writes::Writes;
use super::{EventKind, List, ListOptions, WatchEvent};
use crate::apiserver::{Body, Options, PatchKind, Target, Verb};
use crate::auth::Identity;
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;
use crate::value::{Value, json};

/// Between tries of what fails for a while.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a list is tried: a type whose definition was just established is not served at once.
const TRIES: usize = 10;
/// A server ends a watch before this many seconds are over, so that no connection is waited for that is dead.
const WATCH_SECONDS: u64 = 300;

/// An API server of another process.
pub(crate) struct Remote {
    client: kube::Client,
    /// What its readers have yet to see.
    pub(super) writes: Writes,
}

impl Remote {
    /// `client` must be allowed to impersonate.
    pub(super) fn new(client: kube::Client) -> Self {
        Self {
            client,
            writes: Writes::default(),
        }
    }

    /// The same server, whose readers wait for nobody else's writes.
    pub(super) fn separate(&self) -> Self {
        Self::new(self.client.clone())
    }

    /// The answer to anything but a list or a watch.
    pub(super) async fn send(
        &self,
        identity: &Identity,
        verb: Verb,
        target: &Target,
        options: &Options,
        body: Body,
    ) -> Result<Value, Status> {
        let answer = self.ask(request(identity, verb, target, options, body)?).await?;
        match (verb, target.subresource.as_deref()) {
            (Verb::Delete, _) => self.writes.deleted(target, &answer),
            // They answer something else than the object that they change.
            (Verb::Create, Some("binding" | "eviction")) => {
                let object = Target {
                    subresource: None,
                    ..target.clone()
                };
                let read = request(identity, Verb::Get, &object, &Options::default(), Body::empty())?;
                // Gone meanwhile: the watch tells.
                if let Ok(object) = self.ask(read).await {
                    self.writes.written(&target.resource, &object);
                }
            }
            (Verb::Create | Verb::Update | Verb::Patch, _) => self.writes.written(&target.resource, &answer),
            _ => {}
        }
        Ok(answer)
    }

    /// All objects that match. Items get the kind and version that lists leave out.
    pub(super) async fn list(&self, identity: &Identity, target: &Target, options: &ListOptions) -> Result<List, Status> {
        let mut tried = 1;
        let list = loop {
            let request = request(identity, Verb::List, target, &options.options(), Body::empty())?;
            match self.ask(request).await {
                Err(error) if tried < TRIES && (error.code == 404 || error.code >= 500) => tokio::time::sleep(PAUSE).await,
                answer => break answer?,
            }
            tried += 1;
        };
        let kind = list["kind"].as_str().unwrap_or_default();
        let kind = kind.strip_suffix("List").unwrap_or(kind).to_owned();
        let items = list["items"].as_array().into_iter().flatten().map(|item| {
            let mut item = item.clone();
            item["apiVersion"] = list["apiVersion"].clone();
            item["kind"] = kind.as_str().into();
            Arc::new(Object::new(item))
        });
        let revision = list["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
        Ok(List {
            items: items.collect(),
            revision: revision.unwrap_or(0),
        })
    }

    /// Whether the server has a resource type.
    pub(super) async fn serves(&self, resource: &Resource) -> Result<bool, Status> {
        let request = Request::get(group(resource)).body(Vec::new()).map_err(|error| broken(&error))?;
        match self.ask(request).await {
            Ok(list) => Ok(list["resources"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|known| known["name"] == resource.plural())),
            Err(error) if error.code == 404 => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ask(&self, request: Request<Vec<u8>>) -> Result<Value, Status> {
        let response = self.client.send(request.map(kube::client::Body::from)).await;
        let response = response.map_err(|error| broken(&error))?;
        let code = response.status();
        let bytes = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if code.is_success() {
            return Ok(answer);
        }
        let text = |field: &str| answer[field].as_str().map(str::to_owned);
        let message = text("message").unwrap_or_else(|| String::from_utf8_lossy(&bytes).trim().to_owned());
        let mut status = Status::plain(code.as_u16(), message);
        status.reason = text("reason").unwrap_or_default().into();
        Err(status)
    }
}

/// Changes of one type, through as many watches as it takes.
pub(crate) struct Follow {
    remote: Arc<Remote>,
    identity: Arc<Identity>,
    target: Target,
    options: ListOptions,
    since: u64,
    open: Option<BoxStream<'static, kube::Result<Wire<Value>>>>,
}

impl Follow {
    pub(super) fn new(remote: Arc<Remote>, identity: Arc<Identity>, target: Target, since: u64, options: &ListOptions) -> Self {
        Self {
            remote,
            identity,
            target,
            options: options.clone(),
            since,
            open: None,
        }
    }

    /// The next event. A watch that ended, or broke, goes on where it was; one that cannot ends with an error event.
    pub(super) async fn next(&mut self) -> WatchEvent {
        loop {
            let Some(open) = &mut self.open else {
                match self.begin().await {
                    Ok(open) => self.open = Some(open),
                    Err(kube::Error::Api(status)) if status.code == 410 => return expired(&status.message),
                    Err(error) => {
                        tracing::debug!(resource = %self.target.resource, %error, "watch");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                continue;
            };
            let (kind, object) = match open.next().await {
                Some(Ok(Wire::Added(object))) => (EventKind::Added, object),
                Some(Ok(Wire::Modified(object))) => (EventKind::Modified, object),
                Some(Ok(Wire::Deleted(object))) => (EventKind::Deleted, object),
                Some(Ok(Wire::Bookmark(bookmark))) => {
                    self.since = bookmark.metadata.resource_version.parse().unwrap_or(self.since);
                    continue;
                }
                Some(Ok(Wire::Error(status))) => return expired(&status.message),
                Some(Err(_)) | None => {
                    self.open = None;
                    continue;
                }
            };
            let object = Arc::new(Object::new(object));
            self.since = self.since.max(object.revision());
            return WatchEvent { kind, object };
        }
    }

    async fn begin(&mut self) -> kube::Result<BoxStream<'static, kube::Result<Wire<Value>>>> {
        let options = Options {
            resource_version: self.since.to_string(),
            timeout_seconds: Some(WATCH_SECONDS),
            allow_bookmarks: true,
            ..self.options.options()
        };
        let request = request(&self.identity, Verb::Watch, &self.target, &options, Body::empty());
        let request = request.map_err(|error| kube::Error::Service(error.message.into()))?;
        Ok(self.remote.client.request_events::<Value>(request).await?.boxed())
    }
}

fn expired(message: &str) -> WatchEvent {
    let status = json!({"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 410, "message": message});
    WatchEvent {
        kind: EventKind::Error,
        object: Arc::new(Object::new(status)),
    }
}

/// Nobody answered, or not in HTTP.
fn broken(error: &dyn std::fmt::Display) -> Status {
    Status::internal(error)
}

/// `/api/v1`, `/apis/apps/v1`.
fn group(resource: &Resource) -> String {
    match resource.group() {
        "" => format!("/api/{}", resource.version()),
        group => format!("/apis/{group}/{}", resource.version()),
    }
}

fn path(target: &Target) -> String {
    let mut path = group(&target.resource);
    let mut add = |part: &str| {
        path.push('/');
        path.push_str(part);
    };
    if let Some(namespace) = &target.namespace {
        add("namespaces");
        add(namespace);
    }
    add(target.resource.plural());
    target.name.iter().chain(&target.subresource).for_each(|part| add(part));
    path
}

/// A request as it goes over the wire.
fn request(identity: &Identity, verb: Verb, target: &Target, options: &Options, body: Body) -> Result<Request<Vec<u8>>, Status> {
    let method = match verb {
        Verb::Get | Verb::List | Verb::Watch => Method::GET,
        Verb::Create => Method::POST,
        Verb::Update => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete | Verb::DeleteCollection => Method::DELETE,
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("labelSelector", &options.label_selector),
        ("fieldSelector", &options.field_selector),
        ("resourceVersion", &options.resource_version),
    ] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if let (Verb::Create | Verb::Update | Verb::Patch, Some(manager)) = (verb, &options.field_manager) {
        query.append_pair("fieldManager", manager);
    }
    if verb == Verb::Watch {
        query.append_pair("watch", "true");
        query.append_pair("allowWatchBookmarks", if options.allow_bookmarks { "true" } else { "false" });
        if let Some(seconds) = options.timeout_seconds {
            query.append_pair("timeoutSeconds", &seconds.to_string());
        }
    }
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}?{}", path(target), query.finish()))
        .header(http::header::ACCEPT, "application/json")
        .header("Impersonate-User", &identity.user);
    for group in &identity.groups {
        request = request.header("Impersonate-Group", group);
    }
    let (content_type, bytes) = match (verb, body) {
        (Verb::Delete | Verb::DeleteCollection, _) => {
            let mut delete = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
            options.fill(&mut delete, true);
            ("application/json", delete.to_json())
        }
        (_, Body::Value(value)) => ("application/json", value.to_json()),
        (_, Body::Patch(kind, value)) => (patch_type(kind), value.to_json()),
        (_, Body::Wire { bytes, .. }) => ("application/json", bytes.to_vec()),
    };
    if !bytes.is_empty() {
        request = request.header(http::header::CONTENT_TYPE, content_type);
    }
    request.body(bytes).map_err(|error| broken(&error))
}

fn patch_type(kind: PatchKind) -> &'static str {
    match kind {
        PatchKind::Json => "application/json-patch+json",
        PatchKind::Merge => "application/merge-patch+json",
        PatchKind::Strategic => "application/strategic-merge-patch+json",
        PatchKind::Apply => "application/apply-patch+yaml",
    }
}
