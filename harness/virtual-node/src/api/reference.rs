//! Single ConfigMaps and Secrets that pods refer to, each watched once however many refer to it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::StreamExt;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::serde::de::DeserializeOwned;
use kube::runtime::watcher::{Config, Event};
use kube::{Api, Client, Resource, ResourceExt};
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio_util::task::AbortOnDropHandle;

use super::{Lean, watch};

/// Watches by reference: an object is watched while somebody holds a [`Reference`] to it.
pub(crate) struct References {
    client: Client,
    config_maps: Held<ConfigMap>,
    secrets: Held<Secret>,
}

type Held<K> = Mutex<BTreeMap<(String, String), Weak<Watched<K>>>>;

impl References {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            config_maps: Held::default(),
            secrets: Held::default(),
        }
    }

    pub(crate) fn config_map(&self, namespace: &str, name: &str) -> Reference<ConfigMap> {
        hold(&self.client, &self.config_maps, namespace, name)
    }

    pub(crate) fn secret(&self, namespace: &str, name: &str) -> Reference<Secret> {
        hold(&self.client, &self.secrets, namespace, name)
    }
}

fn hold<K>(client: &Client, held: &Held<K>, namespace: &str, name: &str) -> Reference<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    held.retain(|_, watched| watched.strong_count() > 0);
    let key = (namespace.to_owned(), name.to_owned());
    if let Some(watched) = held.get(&key).and_then(Weak::upgrade) {
        return Reference(watched);
    }
    let (sender, state) = channel(Lookup::Unknown);
    let follow = follow(Api::namespaced(client.clone(), namespace), name.to_owned(), sender);
    let watched = Arc::new(Watched {
        state,
        _watch: AbortOnDropHandle::new(tokio::spawn(follow)),
    });
    held.insert(key, Arc::downgrade(&watched));
    Reference(watched)
}

/// An object that may be there or not, followed for as long as this is held.
pub(crate) struct Reference<K>(Arc<Watched<K>>);

struct Watched<K> {
    state: Receiver<Lookup<K>>,
    _watch: AbortOnDropHandle<()>,
}

#[derive(Clone)]
enum Lookup<K> {
    /// Not listed yet.
    Unknown,
    /// The API server's refusal, for as long as it refuses.
    Refused(String),
    Missing,
    Found(Arc<K>),
}

/// The object, `None` where there is none, or the API server's message if it refuses to list it.
pub(crate) type Found<K> = Result<Option<Arc<K>>, String>;

impl<K: Send + Sync + 'static> Reference<K> {
    /// The object as it is now, and its next change. Waits for the API server's first answer.
    pub(crate) async fn look(&self) -> (Found<K>, Changes) {
        let mut state = self.0.state.clone();
        let found = match state.wait_for(|state| !matches!(state, Lookup::Unknown)).await.as_deref() {
            Ok(Lookup::Found(object)) => Ok(Some(object.clone())),
            Ok(Lookup::Refused(message)) => Err(message.clone()),
            Ok(Lookup::Missing | Lookup::Unknown) | Err(_) => Ok(None),
        };
        let changes = Box::pin(async move {
            if state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        (found, changes)
    }
}

/// Resolves at the next change.
pub(crate) type Changes = futures::future::BoxFuture<'static, ()>;

async fn follow<K>(api: Api<Lean<K>>, name: String, state: Sender<Lookup<K>>)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let config = Config::default().fields(&format!("metadata.name={name}"));
    let mut events = std::pin::pin!(watch(api, config));
    let mut listed = Lookup::Missing;
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed = Lookup::Missing,
            Ok(Event::InitApply(object)) => listed = Lookup::Found(Arc::new(object)),
            Ok(Event::InitDone) => replace(&state, listed.clone()),
            Ok(Event::Apply(object)) => replace(&state, Lookup::Found(Arc::new(object))),
            Ok(Event::Delete(_)) => replace(&state, Lookup::Missing),
            Err(error) => {
                tracing::debug!(kind = %K::kind(&()), name, %error, "watch");
                // What was known stays: a pod keeps its files while its API server is away.
                state.send_if_modified(|state| {
                    let refuse = matches!(state, Lookup::Unknown);
                    if refuse {
                        *state = Lookup::Refused(error.to_string());
                    }
                    refuse
                });
            }
        }
    }
}

/// Stores a new state; followers wake only if it differs, so that a new list of the same object is no change.
fn replace<K: Resource<DynamicType = ()>>(state: &Sender<Lookup<K>>, new: Lookup<K>) {
    state.send_if_modified(|old| {
        let same = match (&*old, &new) {
            (Lookup::Found(old), Lookup::Found(new)) => old.resource_version() == new.resource_version(),
            (Lookup::Missing, Lookup::Missing) => true,
            _ => false,
        };
        *old = new;
        !same
    });
}
