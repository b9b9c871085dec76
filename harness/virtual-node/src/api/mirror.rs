//! All objects of a kind, kept current by one watch.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};

use futures::StreamExt;
use k8s_openapi::serde::de::DeserializeOwned;
use kube::runtime::watcher::{Config, Event};
use kube::{Api, Resource, ResourceExt};
use tokio::sync::watch::{Receiver, Sender};
use tokio_util::task::AbortOnDropHandle;

use super::{Lean, watch};

type Objects<K> = BTreeMap<(String, String), Arc<K>>;

/// All objects of a kind by namespace and name, kept current by one watch.
pub(crate) struct Mirror<K> {
    objects: Arc<RwLock<Arc<Objects<K>>>>,
    /// Whether the first list is complete; changes with every change of the objects.
    synced: Receiver<bool>,
    _watch: AbortOnDropHandle<()>,
}

impl<K> Mirror<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    pub(crate) fn start(api: Api<Lean<K>>) -> Self {
        let objects: Arc<RwLock<Arc<Objects<K>>>> = Arc::default();
        let (changed, synced) = tokio::sync::watch::channel(false);
        let watch = tokio::spawn(follow(api, objects.clone(), changed));
        Self {
            objects,
            synced,
            _watch: AbortOnDropHandle::new(watch),
        }
    }

    /// All objects at one moment.
    pub(crate) fn snapshot(&self) -> Arc<Objects<K>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the first list is complete.
    pub(crate) async fn synced(&self) {
        // An error means that the watch ended, which it does only with the mirror.
        drop(self.synced.clone().wait_for(|synced| *synced).await);
    }

    /// Changes whenever an object does.
    pub(crate) fn changes(&self) -> Receiver<bool> {
        self.synced.clone()
    }
}

async fn follow<K>(api: Api<Lean<K>>, objects: Arc<RwLock<Arc<Objects<K>>>>, changed: Sender<bool>)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let key = |object: &K| (object.namespace().unwrap_or_default(), object.name_any());
    let edit = |edit: &mut dyn FnMut(&mut Objects<K>)| {
        edit(Arc::make_mut(&mut objects.write().unwrap_or_else(PoisonError::into_inner)));
    };
    let mut listed = Objects::new();
    let mut events = std::pin::pin!(watch(api, Config::default()));
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed = Objects::new(),
            Ok(Event::InitApply(object)) => drop(listed.insert(key(&object), Arc::new(object))),
            Ok(Event::InitDone) => edit(&mut |objects| *objects = std::mem::take(&mut listed)),
            Ok(Event::Apply(object)) => {
                let object = Arc::new(object);
                edit(&mut |objects| drop(objects.insert(key(&object), object.clone())));
            }
            Ok(Event::Delete(object)) => edit(&mut |objects| drop(objects.remove(&key(&object)))),
            Err(error) => {
                tracing::warn!(kind = %K::kind(&()), %error, "watch");
                continue;
            }
        }
        if changed.send(true).is_err() {
            return;
        }
    }
}
