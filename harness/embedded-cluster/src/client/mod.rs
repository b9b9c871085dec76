//! The in-process client: the request pipeline without bytes.
//!
//! Controllers and the scheduler use it. Every call is authorised for the client's identity and
//! goes through admission and validation as a request over HTTP does. The same client leads to an
//! API server of another process, too: see [`remote`].

mod options;
mod remote;
mod watch;
mod writes;

use std::sync::Arc;

use crate::value::Value;

pub(crate) use options::{DeleteOptions, List, ListOptions, Patch, Propagation};
pub(crate) use watch::{Changes, EventKind, Watch, WatchEvent};
pub(crate) use writes::Writes;

use remote::{Follow, Remote};

use crate::apiserver::{ApiServer, Body, Options, Outcome, Request, Target, Verb};
use crate::auth::Identity;
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;

/// A client of one cluster's API, acting as one user.
#[derive(Clone)]
pub(crate) struct Client {
    way: Way,
    identity: Arc<Identity>,
    /// Field manager of writes; controllers use their program's name.
    manager: Arc<str>,
}

/// Where the API server is.
#[derive(Clone)]
enum Way {
    /// In this process.
    Here(Arc<ApiServer>),
    /// Elsewhere.
    There(Arc<Remote>),
}

impl Client {
    /// A client of `server` that acts as `identity`.
    pub(crate) fn new(server: Arc<ApiServer>, identity: Identity, manager: &str) -> Self {
        Self::of(Way::Here(server), identity, manager)
    }

    /// A client of the API server that `client` is one of, which must be allowed to impersonate.
    pub(crate) fn remote(client: kube::Client) -> Self {
        Self::of(Way::There(Arc::new(Remote::new(client))), Identity::anonymous(), "")
    }

    fn of(way: Way, identity: Identity, manager: &str) -> Self {
        Self {
            way,
            identity: Arc::new(identity),
            manager: manager.into(),
        }
    }

    /// The same cluster as another user.
    pub(crate) fn acting_as(&self, identity: Identity, manager: &str) -> Self {
        Self::of(self.way.clone(), identity, manager)
    }

    /// The same cluster for another program, whose [`writes`](Self::writes) are its own.
    pub(crate) fn separate(&self) -> Self {
        let way = match &self.way {
            Way::Here(server) => Way::Here(server.clone()),
            Way::There(remote) => Way::There(Arc::new(remote.separate())),
        };
        Self { way, ..self.clone() }
    }

    /// What this program wrote and its watches may yet have to bring. None where they bring it at once.
    pub(crate) fn writes(&self) -> Option<&Writes> {
        match &self.way {
            Way::Here(_) => None,
            Way::There(remote) => Some(&remote.writes),
        }
    }

    /// Whether the server has a type that is built into the newest version; the one in this process has them all.
    pub(crate) async fn serves(&self, resource: &Resource) -> Result<bool, Status> {
        match &self.way {
            Way::Here(_) => Ok(true),
            Way::There(remote) => remote.serves(resource).await,
        }
    }

    /// One object.
    pub(crate) async fn get(&self, resource: &Resource, namespace: Option<&str>, name: &str) -> Result<Arc<Object>, Status> {
        let target = target(resource, namespace, Some(name), None);
        self.send(Verb::Get, target, Options::default(), Body::empty()).await?.object()
    }

    /// All objects that match, in one namespace or (with none) in all.
    pub(crate) async fn list(&self, resource: &Resource, namespace: Option<&str>, options: &ListOptions) -> Result<List, Status> {
        let target = target(resource, namespace, None, None);
        if let Way::There(remote) = &self.way {
            return remote.list(&self.identity, &target, options).await;
        }
        self.send(Verb::List, target, options.options(), Body::empty()).await?.list()
    }

    /// Changes after revision `since`, which a list or an object gave.
    pub(crate) async fn watch(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        since: u64,
        options: &ListOptions,
    ) -> Result<Changes, Status> {
        let target = target(resource, namespace, None, None);
        if let Way::There(remote) = &self.way {
            let follow = Follow::new(remote.clone(), self.identity.clone(), target, since, options);
            return Ok(Changes::There(Box::new(follow)));
        }
        let options = Options {
            resource_version: since.to_string(),
            watch: true,
            ..options.options()
        };
        let watch = self.send(Verb::Watch, target, options, Body::empty()).await?.watch()?;
        Ok(Changes::Here(watch))
    }

    /// Creates an object; `metadata.namespace` must be `namespace` or absent.
    pub(crate) async fn create(&self, resource: &Resource, namespace: Option<&str>, object: Value) -> Result<Arc<Object>, Status> {
        let target = target(resource, namespace, None, None);
        self.send(Verb::Create, target, Options::default(), Body::Value(object))
            .await?
            .object()
    }

    /// Replaces an object, named by its metadata. A `resourceVersion` in it must be the current one.
    pub(crate) async fn update(&self, resource: &Resource, object: Value) -> Result<Arc<Object>, Status> {
        self.replace(resource, None, object).await
    }

    /// Replaces the status of an object.
    pub(crate) async fn update_status(&self, resource: &Resource, object: Value) -> Result<Arc<Object>, Status> {
        self.replace(resource, Some("status"), object).await
    }

    /// Replaces a part of an object that has its own path, for example `finalize` of a namespace.
    pub(crate) async fn update_subresource(&self, resource: &Resource, subresource: &str, object: Value) -> Result<Arc<Object>, Status> {
        self.replace(resource, Some(subresource), object).await
    }

    async fn replace(&self, resource: &Resource, subresource: Option<&str>, object: Value) -> Result<Arc<Object>, Status> {
        let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
        let target = target(resource, text("namespace").as_deref(), text("name").as_deref(), subresource);
        self.send(Verb::Update, target, Options::default(), Body::Value(object))
            .await?
            .object()
    }

    /// Changes an object, or a subresource of it (`status`, `scale`).
    pub(crate) async fn patch(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        name: &str,
        subresource: Option<&str>,
        patch: Patch,
    ) -> Result<Arc<Object>, Status> {
        let target = target(resource, namespace, Some(name), subresource);
        self.send(Verb::Patch, target, Options::default(), patch.body()).await?.object()
    }

    /// A part of an object that has its own path and kind, such as `scale`.
    pub(crate) async fn get_subresource(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        name: &str,
        subresource: &str,
    ) -> Result<Value, Status> {
        let target = target(resource, namespace, Some(name), Some(subresource));
        self.send(Verb::Get, target, Options::default(), Body::empty()).await?.value()
    }

    /// Posts to a subresource: `binding`, `eviction`, `token`.
    pub(crate) async fn create_subresource(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        name: &str,
        subresource: &str,
        object: Value,
    ) -> Result<Value, Status> {
        let target = target(resource, namespace, Some(name), Some(subresource));
        self.send(Verb::Create, target, Options::default(), Body::Value(object))
            .await?
            .value()
    }

    /// Deletes an object, or begins to where finalizers or a grace period hold it.
    pub(crate) async fn delete(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<(), Status> {
        let target = target(resource, namespace, Some(name), None);
        self.send(Verb::Delete, target, options.options(), Body::empty()).await.map(drop)
    }

    /// Deletes all objects that match.
    pub(crate) async fn delete_collection(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        delete: &DeleteOptions,
        list: &ListOptions,
    ) -> Result<(), Status> {
        let selected = list.options();
        let options = Options {
            label_selector: selected.label_selector,
            field_selector: selected.field_selector,
            ..delete.options()
        };
        let target = target(resource, namespace, None, None);
        self.send(Verb::DeleteCollection, target, options, Body::empty()).await.map(drop)
    }

    async fn send(&self, verb: Verb, target: Target, mut options: Options, body: Body) -> Result<Outcome, Status> {
        options.field_manager.get_or_insert_with(|| self.manager.to_string());
        let identity = self.identity.clone();
        let server = match &self.way {
            Way::Here(server) => server,
            Way::There(remote) => {
                let answer = remote.send(&identity, verb, &target, &options, body).await?;
                return Ok(Outcome::Value(answer, 200));
            }
        };
        let request = Request {
            identity,
            verb,
            target,
            options,
            body,
            agent: String::new(),
            upgrade: None,
        };
        Ok(server.handle(request).await?.outcome)
    }
}

fn target(resource: &Resource, namespace: Option<&str>, name: Option<&str>, subresource: Option<&str>) -> Target {
    Target {
        resource: resource.clone(),
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        subresource: subresource.map(str::to_owned),
    }
}
