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
        let list = |objects: &BTreeSet<(String, String)>| -> Vec<String> {
            let here = objects
                .iter()
                .filter(|(place, _)| namespace.is_none_or(|namespace| namespace == place));
            here.map(|(place, name)| format!("{place}/{name}")).collect()
        };
        let clusters = self.seen.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        let found = clusters.iter().filter_map(|(cluster, executions)| {
            let objects = executions.get(execution)?;
            let sighting = Sighting {
                workflows: list(&objects.workflows),
                pods: list(&objects.pods),
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

    /// Tells of every new sighting from now on.
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
    while let Some(event) = events.next().await {
        if let Some((place, name, _)) = appeared(event) {
            seen.note(&cluster, &name, |objects| objects.workflows.insert((place, name.clone())));
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
