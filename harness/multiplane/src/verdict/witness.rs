//! Witnesses: what each cluster was seen to hold, from the start of the run on.
//!
//! Objects are noted as they appear and never forgotten, so that one that came and went between two looks still counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::core::{ObjectMeta, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::conditions::is_crd_established;
use kube::runtime::wait::await_condition;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use virtual_node::{Lean, Pause};

use crate::journal::Sighting;

const WORKFLOW_CRD: &str = "flyteworkflows.flyte.lyft.com";

/// Watches FlyteWorkflow objects and their pods in every cluster until dropped.
pub struct Witness {
    seen: Arc<Seen>,
    _watches: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    /// Cluster -> execution name -> what was seen of it.
    clusters: Mutex<BTreeMap<String, BTreeMap<String, Objects>>>,
    changes: watch::Sender<()>,
}

#[derive(Clone, Default)]
struct Objects {
    /// When the first of them was seen.
    first: Option<Instant>,
    workflows: BTreeSet<(String, String)>,
    pods: BTreeSet<(String, String)>,
    /// The workflows that are there no longer.
    gone: BTreeSet<(String, String)>,
}

impl Witness {
    /// Starts to watch these clusters.
    pub fn start<'a>(clusters: impl IntoIterator<Item = (&'a str, Client)>) -> Self {
        let seen = Arc::new(Seen::default());
        let mut watches = JoinSet::new();
        for (cluster, client) in clusters {
            watches.spawn(workflows(seen.clone(), cluster.to_owned(), client.clone()));
            watches.spawn(pods(seen.clone(), cluster.to_owned(), client));
        }
        Self { seen, _watches: watches }
    }

    /// Where an execution was seen so far, by cluster. With a namespace, only what was seen in it counts: the same name may be in use in
    /// another project.
    pub fn sightings(&self, execution: &str, namespace: Option<&str>) -> BTreeMap<String, Sighting> {
        fn list<'o>(objects: impl Iterator<Item = &'o (String, String)>, namespace: Option<&str>) -> Vec<String> {
            let here = objects.filter(|(place, _)| namespace.is_none_or(|namespace| namespace == place));
            here.map(|(place, name)| format!("{place}/{name}")).collect()
        }
        let clusters = self.seen.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        let found = clusters.iter().filter_map(|(cluster, executions)| {
            let objects = executions.get(execution)?;
            let sighting = Sighting {
                workflows: list(objects.workflows.iter(), namespace),
                pods: list(objects.pods.iter(), namespace),
                gone: list(objects.gone.iter(), namespace),
                after_millis: None,
            };
            let empty = sighting.workflows.is_empty() && sighting.pods.is_empty();
            (!empty).then(|| (cluster.clone(), sighting))
        });
        found.collect()
    }

    /// When an execution was first seen in a cluster, in any namespace.
    pub fn first_seen(&self, execution: &str, cluster: &str) -> Option<Instant> {
        let clusters = self.seen.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        clusters.get(cluster)?.get(execution)?.first
    }

    /// Tells of every new sighting from now on, and of workflows that go.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.seen.changes.subscribe()
    }
}

impl Seen {
    fn note(&self, cluster: &str, execution: &str, add: impl FnOnce(&mut Objects) -> bool) {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        let executions = clusters.entry(cluster.to_owned()).or_default();
        let objects = executions.entry(execution.to_owned()).or_default();
        if add(objects) {
            objects.first.get_or_insert_with(Instant::now);
            self.changes.send_replace(());
        }
    }
}

impl Seen {
    /// A workflow is there (again).
    fn workflow(&self, cluster: &str, place: String, name: &str) {
        self.note(cluster, name, |objects| {
            let key = (place, name.to_owned());
            let back = objects.gone.remove(&key);
            objects.workflows.insert(key) || back
        });
    }

    /// A workflow is there no longer.
    fn without(&self, cluster: &str, place: String, name: &str) {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        let objects = clusters.get_mut(cluster).and_then(|executions| executions.get_mut(name));
        let Some(objects) = objects else { return };
        let key = (place, name.to_owned());
        if objects.workflows.contains(&key) && objects.gone.insert(key) {
            self.changes.send_replace(());
        }
    }

    /// All workflows of a cluster that there are: the others went while nobody looked.
    fn only(&self, cluster: &str, there: &BTreeSet<(String, String)>) {
        let clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        let known = clusters.get(cluster).into_iter().flat_map(BTreeMap::values);
        let known = known.flat_map(|objects| objects.workflows.iter().filter(|key| !objects.gone.contains(*key)));
        let missing: Vec<(String, String)> = known.filter(|key| !there.contains(*key)).cloned().collect();
        drop(clusters);
        missing.into_iter().for_each(|(place, name)| self.without(cluster, place, &name));
    }
}

/// FlyteWorkflow objects are named after their execution. The kind comes with the data plane's chart, so first it must be there.
async fn workflows(seen: Arc<Seen>, cluster: String, client: Client) {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    if await_condition(definitions, WORKFLOW_CRD, is_crd_established()).await.is_err() {
        return;
    }
    let kind = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("flyte.lyft.com", "v1alpha1", "FlyteWorkflow"),
        "flyteworkflows",
    );
    let api: Api<Lean<PartialObjectMeta<DynamicObject>>> = Api::all_with(client, &kind);
    let mut events = watcher(api, watcher::Config::default()).backoff(Pause::default()).boxed();
    // What a list that is under way has.
    let mut listed = BTreeSet::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitDone) => seen.only(&cluster, &std::mem::take(&mut listed)),
            // Without their definition there are none.
            Err(watcher::Error::InitialListFailed(kube::Error::Api(status))) if status.is_not_found() => {
                seen.only(&cluster, &BTreeSet::new());
            }
            Ok(Event::Delete(object)) => {
                if let (Some(place), Some(name)) = (object.0.metadata.namespace, object.0.metadata.name) {
                    seen.without(&cluster, place, &name);
                }
            }
            event => {
                let first = matches!(event, Ok(Event::InitApply(_)));
                let Some((place, name, _)) = appeared(event) else { continue };
                if first {
                    listed.insert((place.clone(), name.clone()));
                }
                seen.workflow(&cluster, place, &name);
            }
        }
    }
}

/// A task's pod belongs to the FlyteWorkflow object that owns it; its labels may name the parent execution instead.
async fn pods(seen: Arc<Seen>, cluster: String, client: Client) {
    let api = Api::<Lean<PartialObjectMeta<Pod>>>::all(client);
    let mut events = watcher(api, watcher::Config::default()).backoff(Pause::default()).boxed();
    while let Some(event) = events.next().await {
        let Some((place, name, meta)) = appeared(event) else { continue };
        let owners = meta.owner_references.unwrap_or_default();
        if let Some(owner) = owners.into_iter().find(|owner| owner.kind.eq_ignore_ascii_case("FlyteWorkflow")) {
            seen.note(&cluster, &owner.name, |objects| objects.pods.insert((place, name)));
        }
    }
}

/// Namespace, name and metadata of an object that is there. Errors are the watcher's own to mend: it lists and watches again.
fn appeared<K>(event: watcher::Result<Event<Lean<PartialObjectMeta<K>>>>) -> Option<(String, String, ObjectMeta)> {
    match event {
        Ok(Event::Apply(object) | Event::InitApply(object)) => {
            let mut meta = object.0.metadata;
            Some((meta.namespace.take()?, meta.name.take()?, meta))
        }
        _ => None,
    }
}
