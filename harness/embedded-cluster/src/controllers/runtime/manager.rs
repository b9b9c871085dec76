//! The task that runs a cluster's controllers.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::queue::Queue;
use super::types::Types;
use super::{Cache, Change, Feed, Key};
use crate::client::{EventKind, WatchEvent};
use crate::resource::Resource;
use crate::status::Status;

/// How a reconciliation ended: look again after a while, or when something changes.
pub(crate) type Outcome = Result<Option<Duration>, Status>;

/// A level-triggered controller: changes give keys, keys are reconciled one at a time.
pub(crate) trait Controller: Send + Sync {
    /// The keys that a change concerns. Called once for each change, in the order of changes.
    fn keys(&self, change: &Change) -> Vec<Key>;

    /// Brings the object of a key closer to what it should be. Called again after errors.
    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome>;
}

struct Lane {
    controller: Arc<dyn Controller>,
    queue: Queue,
    busy: bool,
}

type Run = BoxFuture<'static, (usize, Key, Outcome)>;

/// Controllers that share one feed and one cache, run by one task: each reconciles one key at a
/// time, and only when the cache shows every write made so far, its own ones included. So nothing
/// has to remember what it expects to see. Idle, it waits for the feed alone.
pub(crate) struct Manager {
    feed: Feed,
    cache: Arc<Cache>,
    types: Arc<Types>,
    lanes: Vec<Lane>,
    running: FuturesUnordered<Run>,
}

impl Manager {
    /// A manager of `controllers` over `cache`.
    pub(crate) fn new(feed: Feed, cache: Arc<Cache>, types: Arc<Types>, controllers: Vec<Arc<dyn Controller>>) -> Self {
        let lane = |controller| Lane {
            controller,
            queue: Queue::default(),
            busy: false,
        };
        Self {
            feed,
            cache,
            types,
            lanes: controllers.into_iter().map(lane).collect(),
            running: FuturesUnordered::new(),
        }
    }

    /// Watches those of `resources` that the server has, and runs until the cluster is gone.
    pub(crate) async fn run(mut self, resources: Vec<Resource>) {
        let resources = match self.feed.served(resources).await {
            Ok(resources) => resources,
            Err(error) => return tracing::warn!(%error, "controllers cannot start"),
        };
        for resource in &resources {
            self.open(resource).await;
        }
        loop {
            self.settle().await;
            if self.feed.is_current(&self.cache) {
                self.start();
            }
            let timer = self.lanes.iter().filter_map(|lane| lane.queue.next_due()).min();
            tokio::select! { biased;
                event = self.feed.next() => match event {
                    Some((resource, event)) => self.take(&resource, event).await,
                    None => return,
                },
                Some((lane, key, outcome)) = self.running.next() => self.finish(lane, key, outcome),
                () = sleep_until(timer.unwrap_or_else(Instant::now)), if timer.is_some() => self.promote(),
            }
        }
    }

    /// Takes in every event that is there.
    async fn settle(&mut self) {
        while let Some((resource, event)) = self.feed.ready().await {
            self.take(&resource, event).await;
        }
    }

    fn start(&mut self) {
        for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| !lane.busy) {
            let Some(key) = lane.queue.pop() else { continue };
            lane.busy = true;
            let controller = lane.controller.clone();
            self.running.push(Box::pin(async move {
                let outcome = controller.reconcile(&key).await;
                (index, key, outcome)
            }));
        }
    }

    fn finish(&mut self, index: usize, key: Key, outcome: Outcome) {
        let lane = &mut self.lanes[index];
        lane.busy = false;
        match outcome {
            Ok(again) => {
                lane.queue.forget(&key);
                match again {
                    None => {}
                    Some(Duration::ZERO) => lane.queue.add(key),
                    Some(delay) => lane.queue.add_at(key, Instant::now() + delay),
                }
            }
            Err(error) => {
                tracing::debug!(%error, ?key, "reconciliation failed");
                lane.queue.retry(key, Instant::now());
            }
        }
    }

    fn promote(&mut self) {
        let now = Instant::now();
        self.lanes.iter_mut().for_each(|lane| lane.queue.promote(now));
    }

    async fn take(&mut self, resource: &Resource, event: WatchEvent) {
        let change = match event.kind {
            EventKind::Added | EventKind::Modified => self.cache.put(resource, event.object),
            EventKind::Deleted => self.cache.remove(resource, event.object),
            EventKind::Bookmark => return,
            // The watch fell behind the log: start again with a list.
            EventKind::Error => return self.open(resource).await,
        };
        self.tell(&change);
        if resource.plural() == "customresourcedefinitions" {
            self.define(&change).await;
        }
    }

    fn tell(&mut self, change: &Change) {
        for lane in &mut self.lanes {
            lane.controller.keys(change).into_iter().for_each(|key| lane.queue.add(key));
        }
    }

    async fn open(&mut self, resource: &Resource) {
        match self.feed.open(resource).await {
            Ok(list) => {
                for change in self.cache.replace(resource, list.items) {
                    self.tell(&change);
                    if resource.plural() == "customresourcedefinitions" {
                        Box::pin(self.define(&change)).await;
                    }
                }
            }
            Err(error) => tracing::warn!(%resource, %error, "controllers cannot watch"),
        }
    }

    /// Follows a custom resource definition: its objects are watched while it is established.
    async fn define(&mut self, change: &Change) {
        let (added, removed) = self.types.define(change.object.name(), change.new_state());
        if let Some(removed) = removed {
            self.feed.close(&removed.resource);
            let gone = self.cache.replace(&removed.resource, Vec::new());
            gone.iter().for_each(|change| self.tell(change));
        }
        if let Some(added) = added {
            Box::pin(self.open(&added.resource)).await;
        }
    }
}
