//! Which object needs a round, and when: one watch of objects, one of their pods, no polling.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered};
use kube::api::{Api, ResourceExt};
use kube::runtime::watcher::{self, Event, watcher};
use tokio::time::Instant;
use virtual_node::{Lean, Log};

use super::collector;
use super::engine::{Engine, Waits};
use super::seen_pod::SeenPod;
use crate::crd::{FlyteWorkflow, TERMINATED, TERMINATION_STATUS};

type Key = (String, String);

/// Pause after a broken watch.
const WATCH_PAUSE: Duration = Duration::from_secs(1);
/// Pause after the first failed round of an object; it doubles.
const RETRY_FIRST: Duration = Duration::from_secs(5);
/// Longest pause after failed rounds.
const RETRY_MAX: Duration = Duration::from_secs(120);

/// The work queue of a data plane.
pub(crate) struct Controller {
    engine: Arc<Engine>,
    client: kube::Client,
    log: Log,
    objects: BTreeMap<Key, FlyteWorkflow>,
    /// Versions that this data plane wrote itself; the watch may still be behind.
    written: BTreeMap<Key, u64>,
    /// Objects whose round is under way; true if another is needed after it.
    busy: BTreeMap<Key, bool>,
    /// When objects that wait have their next rounds: the earliest first, and by object.
    timers: BTreeSet<(Instant, Key)>,
    waiting: BTreeMap<Key, Instant>,
    rounds: FuturesUnordered<BoxFuture<'static, Done>>,
    /// What the present listing has shown so far.
    listed: Option<BTreeSet<Key>>,
}

/// The end of an object's rounds.
struct Done {
    key: Key,
    /// The object as it was stored last; `None` if it could not be stored.
    object: Option<FlyteWorkflow>,
    next: Option<Duration>,
}

impl Controller {
    pub(crate) fn new(engine: Engine, client: kube::Client, log: Log) -> Self {
        Self {
            engine: Arc::new(engine),
            client,
            log,
            objects: BTreeMap::new(),
            written: BTreeMap::new(),
            busy: BTreeMap::new(),
            timers: BTreeSet::new(),
            waiting: BTreeMap::new(),
            rounds: FuturesUnordered::new(),
            listed: None,
        }
    }

    /// Works for ever.
    pub(crate) async fn run(&mut self) {
        let mut objects = self.watch::<FlyteWorkflow>(&format!("{TERMINATION_STATUS}!={TERMINATED}"));
        let mut pods = self.watch::<SeenPod>("execution-id");
        let mut collect = Instant::now() + self.engine.config.gc_interval;
        // Rounds need to know the pods that are there.
        while let Some(event) = pods.next().await {
            let complete = matches!(event, Event::InitDone);
            self.pod(event);
            if complete {
                break;
            }
        }
        loop {
            let timer = self.timers.first().map(|(when, _)| *when);
            tokio::select! {
                biased;
                Some(event) = objects.next() => self.object(event),
                Some(event) = pods.next() => self.pod(event),
                Some(done) = self.rounds.next(), if !self.rounds.is_empty() => self.done(done),
                () = until(timer) => self.fire(),
                () = tokio::time::sleep_until(collect) => {
                    collect += self.engine.config.gc_interval;
                    self.collect().await;
                }
            }
        }
    }

    fn watch<K>(&self, selector: &str) -> BoxStream<'static, Event<Lean<K>>>
    where
        K: kube::Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + Send
            + 'static,
    {
        let api: Api<Lean<K>> = match &self.engine.config.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        };
        watcher(api, watcher::Config::default().labels(selector))
            .filter_map(|event| async {
                match event {
                    Ok(event) => Some(event),
                    Err(_) => {
                        tokio::time::sleep(WATCH_PAUSE).await;
                        None
                    }
                }
            })
            .boxed()
    }

    fn object(&mut self, event: Event<Lean<FlyteWorkflow>>) {
        match event {
            Event::Init => self.listed = Some(BTreeSet::new()),
            Event::InitApply(object) => {
                if let Some(listed) = &mut self.listed {
                    listed.insert(object.key());
                }
                self.seen(object.0);
            }
            Event::InitDone => {
                let listed = self.listed.take().unwrap_or_default();
                self.objects.retain(|key, _| listed.contains(key));
            }
            Event::Apply(object) => self.seen(object.0),
            Event::Delete(object) => {
                let key = object.key();
                self.objects.remove(&key);
                self.written.remove(&key);
            }
        }
    }

    fn seen(&mut self, object: FlyteWorkflow) {
        let key = object.key();
        if self.written.get(&key).is_some_and(|written| version(&object) < *written) {
            return;
        }
        if self.objects.get(&key).is_some_and(|known| version(known) == version(&object)) {
            return;
        }
        self.objects.insert(key.clone(), object);
        self.start(key);
    }

    fn pod(&mut self, event: Event<Lean<SeenPod>>) {
        let (pod, gone) = match event {
            Event::Apply(pod) | Event::InitApply(pod) => (pod, false),
            Event::Delete(pod) => (pod, true),
            Event::Init | Event::InitDone => return,
        };
        let namespace = pod.namespace().unwrap_or_default();
        let owner = pod.owner_references().iter().find(|owner| owner.kind == "flyteworkflow");
        let owner = owner.map(|owner| (namespace, owner.name.clone()));
        let key = pod.key();
        {
            let mut pods = self.engine.pods.lock().unwrap_or_else(PoisonError::into_inner);
            if gone {
                pods.remove(&key);
            } else {
                pods.insert(key, pod.0.status);
            }
        }
        if let Some(owner) = owner {
            self.start(owner);
        }
    }

    /// Starts an object's rounds now, or once more after those under way.
    fn start(&mut self, key: Key) {
        if let Some(again) = self.busy.get_mut(&key) {
            *again = true;
            return;
        }
        let Some(object) = self.objects.get(&key).cloned() else {
            return;
        };
        self.busy.insert(key.clone(), false);
        if let Some(when) = self.waiting.remove(&key) {
            self.timers.remove(&(when, key.clone()));
        }
        self.rounds
            .push(Box::pin(rounds(self.engine.clone(), self.log.clone(), key, object)));
    }

    fn done(&mut self, done: Done) {
        let again = self.busy.remove(&done.key).unwrap_or_default();
        if let Some(object) = done.object {
            // The watch may have shown a newer one meanwhile, that is being deleted perhaps, or that it is gone from the selection.
            if let Some(known) = self.objects.get_mut(&done.key) {
                self.written.insert(done.key.clone(), version(&object));
                if version(known) < version(&object) {
                    *known = object;
                }
            }
        }
        match done.next {
            Some(pause) => {
                let when = Instant::now() + pause;
                self.timers.insert((when, done.key.clone()));
                self.waiting.insert(done.key, when);
            }
            None if again => self.start(done.key),
            None => {}
        }
    }

    fn fire(&mut self) {
        let now = Instant::now();
        while self.timers.first().is_some_and(|(when, _)| *when <= now) {
            let Some((_, key)) = self.timers.pop_first() else { break };
            self.waiting.remove(&key);
            self.start(key);
        }
    }

    async fn collect(&mut self) {
        // What cannot be deleted now is found again by the next collection.
        let _ = collector::collect(&self.client, &self.engine.config, self.engine.events.clock.now()).await;
    }
}

/// Rounds over one object until there is nothing to do but wait.
async fn rounds(engine: Arc<Engine>, log: Log, key: Key, mut object: FlyteWorkflow) -> Done {
    let mut stored = None;
    loop {
        let mut next = object.clone();
        let waits = engine.round(&mut next).await;
        let attempts = next.status.failed_attempts;
        let failed = attempts > object.status.failed_attempts;
        if failed {
            let (namespace, name) = &key;
            log.line(format!(
                "Error when trying to reconcile workflow [{namespace}/{name}]. Error [{}]",
                next.status.message
            ));
        }
        if next == object {
            // An object that is being deleted holds up its deletion until the control plane takes the end of its run.
            let held = object.metadata.deletion_timestamp.is_some() && !object.status.phase.terminal();
            let pause = (waits == Waits::Children || held).then_some(engine.config.reeval);
            return Done {
                key,
                object: stored,
                next: pause,
            };
        }
        match engine.cluster.update(next).await {
            Ok(updated) => object = updated,
            // The object has changed meanwhile, or is gone: the watch says so.
            Err(error) if matches!(error.code, Some(404 | 409)) => {
                return Done {
                    key,
                    object: stored,
                    next: None,
                };
            }
            Err(_) => {
                return Done {
                    key,
                    object: stored,
                    next: Some(RETRY_FIRST),
                };
            }
        }
        stored = Some(object.clone());
        if failed {
            let doubled = RETRY_FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(5));
            return Done {
                key,
                object: stored,
                next: Some(doubled.min(RETRY_MAX)),
            };
        }
        if object.status.phase.terminal() {
            return Done {
                key,
                object: stored,
                next: None,
            };
        }
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// Resource versions of one object grow, so a number tells which is newer.
fn version(object: &FlyteWorkflow) -> u64 {
    let version = object.metadata.resource_version.as_deref();
    version.and_then(|version| version.parse().ok()).unwrap_or_default()
}
