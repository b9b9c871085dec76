//! Watches of many resource types as one stream.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::future::poll_immediate;
use futures::stream::{self, AbortHandle, BoxStream, SelectAll};
use tokio::task::unconstrained;

use super::{Cache, Key};
use crate::client::{Client, EventKind, List, ListOptions, WatchEvent};
use crate::resource::Resource;
use crate::status::Status;

/// Watches of one cluster; one a resource type.
pub(crate) struct Feed {
    client: Client,
    streams: SelectAll<BoxStream<'static, (Resource, WatchEvent)>>,
    open: BTreeMap<Resource, AbortHandle>,
    /// Up to which revision each type is known.
    seen: BTreeMap<Resource, u64>,
}

impl Feed {
    /// A feed without watches that reads as `client`.
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            streams: SelectAll::new(),
            open: BTreeMap::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Lists a type and goes on to watch it.
    ///
    /// # Errors
    /// What the API answers, for example when the type is not served (any more).
    pub(crate) async fn open(&mut self, resource: &Resource) -> Result<List, Status> {
        let everything = ListOptions::default();
        let list = self.client.list(resource, None, &everything).await?;
        let watch = self.client.watch(resource, None, list.revision, &everything).await?;
        let changes = stream::unfold((resource.clone(), watch), |(resource, mut watch)| async move {
            let event = watch.next().await?;
            Some(((resource.clone(), event), (resource, watch)))
        });
        let (changes, handle) = stream::abortable(changes);
        self.streams.push(changes.boxed());
        self.close(resource);
        self.open.insert(resource.clone(), handle);
        self.seen.insert(resource.clone(), list.revision);
        Ok(list)
    }

    /// Stops watching a type.
    pub(crate) fn close(&mut self, resource: &Resource) {
        self.seen.remove(resource);
        if let Some(handle) = self.open.remove(resource) {
            handle.abort();
        }
    }

    /// The next event of any open watch; none once the cluster is gone.
    pub(crate) async fn next(&mut self) -> Option<(Resource, WatchEvent)> {
        let (resource, event) = self.streams.next().await?;
        if event.kind != EventKind::Error
            && let Some(seen) = self.seen.get_mut(&resource)
        {
            *seen = event.object.revision().max(*seen);
        }
        Some((resource, event))
    }

    /// Whether `cache`, which this feeds, shows all that was written through its client. In this process it does when nothing is
    /// [`ready`](Self::ready); elsewhere an answer may be here before the event.
    pub(crate) fn is_current(&self, cache: &Cache) -> bool {
        let Some(writes) = self.client.writes() else { return true };
        writes.are_seen(&self.seen, |deleted| {
            let object = cache.get(&deleted.resource, &Key::new(&deleted.namespace, &deleted.name));
            object.is_none_or(|object| object.deletion_timestamp().is_some() || object.uid() != deleted.uid)
        })
    }

    /// Those of `resources` that the server has.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(crate) async fn served(&mut self, resources: Vec<Resource>) -> Result<Vec<Resource>, Status> {
        let mut served = Vec::new();
        for resource in resources {
            if self.client.serves(&resource).await? {
                served.push(resource);
            }
        }
        Ok(served)
    }

    /// An event that is there already, if any. Because the store tells readers of a write at once,
    /// whoever takes these until there are none has seen every write made so far.
    pub(crate) async fn ready(&mut self) -> Option<(Resource, WatchEvent)> {
        unconstrained(poll_immediate(self.next())).await.flatten()
    }
}
