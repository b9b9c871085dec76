//! Watches of many resource types as one stream.

use std::collections::BTreeMap;

use futures::StreamExt;
use futures::future::poll_immediate;
use futures::stream::{self, AbortHandle, BoxStream, SelectAll};
use tokio::task::unconstrained;

use crate::client::{Client, List, ListOptions, WatchEvent};
use crate::resource::Resource;
use crate::status::Status;

/// Watches of one cluster; one a resource type.
pub(crate) struct Feed {
    client: Client,
    streams: SelectAll<BoxStream<'static, (Resource, WatchEvent)>>,
    open: BTreeMap<Resource, AbortHandle>,
}

impl Feed {
    /// A feed without watches that reads as `client`.
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            streams: SelectAll::new(),
            open: BTreeMap::new(),
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
        Ok(list)
    }

    /// Stops watching a type.
    pub(crate) fn close(&mut self, resource: &Resource) {
        if let Some(handle) = self.open.remove(resource) {
            handle.abort();
        }
    }

    /// The next event of any open watch; none once the cluster is gone.
    pub(crate) async fn next(&mut self) -> Option<(Resource, WatchEvent)> {
        self.streams.next().await
    }

    /// An event that is there already, if any. Because the store tells readers of a write at once,
    /// whoever takes these until there are none has seen every write made so far.
    pub(crate) async fn ready(&mut self) -> Option<(Resource, WatchEvent)> {
        unconstrained(poll_immediate(self.next())).await.flatten()
    }
}
