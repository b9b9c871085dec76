//! The configuration that flyteadmin runs with, which is not always the one that is deployed: it is read once, when the process starts.
//!
//! While a broken upgrade hangs, the old replicas go on with the old `clusters` section.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt};
use tokio::task::JoinSet;
use virtual_node::{Lean, Pause};

/// The chart's ConfigMap with flyteadmin's `clusters` section, and its key.
const CONFIG_MAP: (&str, &str) = ("flyte-admin-clusters-config", "clusters.yaml");
/// The chart's label of flyteadmin's pods.
const ADMIN: &str = "app.kubernetes.io/name=flyteadmin";

/// Watches a control plane's configuration and the replicas that read it, until dropped.
pub struct Configurations {
    seen: Arc<Mutex<Seen>>,
    _watches: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    /// Namespace -> revision of the cluster -> the section as of then.
    texts: BTreeMap<String, BTreeMap<u64, String>>,
    /// Replicas by uid.
    replicas: BTreeMap<String, Replica>,
}

/// One pod of flyteadmin.
struct Replica {
    namespace: String,
    /// Containers started; another one reads the files anew.
    starts: i32,
    /// Revision of the cluster at which the present container was first seen to run.
    since: u64,
    ready: bool,
}

impl Configurations {
    /// Starts to watch the control plane's cluster.
    pub fn start(controlplane: &Client) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut watches = JoinSet::new();
        watches.spawn(config_maps(seen.clone(), controlplane.clone()));
        watches.spawn(pods(seen.clone(), controlplane.clone()));
        Self { seen, _watches: watches }
    }

    /// The `clusters` sections that the ready replicas started with, without repetition; those deployed now, while none is ready.
    pub fn running(&self) -> BTreeSet<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = seen.replicas.values().filter(|replica| replica.ready);
        let started: BTreeSet<String> = ready
            .filter_map(|replica| {
                let texts = seen.texts.get(&replica.namespace)?;
                // Nobody saw what was before the first look: that is the best guess then.
                let before = texts.range(..=replica.since).next_back().or_else(|| texts.iter().next());
                before.map(|(_, text)| text.clone())
            })
            .collect();
        if started.is_empty() {
            seen.texts
                .values()
                .filter_map(|texts| texts.values().next_back().cloned())
                .collect()
        } else {
            started
        }
    }
}

async fn config_maps(seen: Arc<Mutex<Seen>>, client: Client) {
    let config = watcher::Config::default().fields(&format!("metadata.name={}", CONFIG_MAP.0));
    let mut events = watcher(Api::<Lean<ConfigMap>>::all(client), config)
        .backoff(Pause::default())
        .boxed();
    while let Some(event) = events.next().await {
        let Ok(Event::Apply(map) | Event::InitApply(map)) = event else {
            continue;
        };
        let (namespace, at) = (map.namespace().unwrap_or_default(), revision(map.resource_version()));
        if let Some(text) = map.0.data.and_then(|mut data| data.remove(CONFIG_MAP.1)) {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.texts.entry(namespace).or_default().insert(at, text);
        }
    }
}

async fn pods(seen: Arc<Mutex<Seen>>, client: Client) {
    let labels = watcher::Config::default().labels(ADMIN);
    let mut events = watcher(Api::<Lean<Pod>>::all(client), labels).backoff(Pause::default()).boxed();
    while let Some(event) = events.next().await {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(Event::Apply(pod) | Event::InitApply(pod)) => seen.take(&pod),
            Ok(Event::Delete(pod)) => drop(seen.replicas.remove(&pod.uid().unwrap_or_default())),
            _ => {}
        }
    }
}

impl Seen {
    fn take(&mut self, pod: &Pod) {
        let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        let running = |state: &k8s_openapi::api::core::v1::ContainerState| state.running.is_some();
        let Some(container) = statuses
            .into_iter()
            .find(|container| container.name == "flyteadmin" && container.state.as_ref().is_some_and(running))
        else {
            return;
        };
        let (uid, starts) = (pod.uid().unwrap_or_default(), container.restart_count);
        let since = match self.replicas.get(&uid) {
            Some(known) if known.starts == starts => known.since,
            _ => revision(pod.resource_version()),
        };
        let replica = Replica {
            namespace: pod.namespace().unwrap_or_default(),
            starts,
            since,
            ready: container.ready && pod.metadata.deletion_timestamp.is_none(),
        };
        self.replicas.insert(uid, replica);
    }
}

/// Revisions of one cluster are numbers that grow.
fn revision(version: Option<String>) -> u64 {
    version.and_then(|version| version.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(version: u64, starts: i32, ready: bool) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "a", "namespace": "flyte", "uid": "u", "resourceVersion": version.to_string()},
            "status": {"containerStatuses": [
                {"name": "flyteadmin", "image": "", "imageID": "", "ready": ready, "restartCount": starts, "state": {"running": {}}}]},
        }))
        .unwrap()
    }

    #[test]
    fn a_replica_keeps_what_it_started_with_until_it_starts_again() {
        let configurations = Configurations {
            seen: Arc::default(),
            _watches: JoinSet::new(),
        };
        let running = || configurations.running().into_iter().collect::<Vec<_>>().join(" ");
        let with = |change: &dyn Fn(&mut Seen)| change(&mut configurations.seen.lock().unwrap());
        let text = |at: u64, text: &str| {
            with(&|seen| drop(seen.texts.entry("flyte".into()).or_default().insert(at, text.into())));
        };
        text(10, "old");
        assert_eq!(running(), "old", "nothing runs yet");
        with(&|seen| seen.take(&pod(12, 0, false)));
        text(20, "new");
        assert_eq!(running(), "new", "nothing is ready");
        with(&|seen| seen.take(&pod(21, 0, true)));
        assert_eq!(running(), "old", "started before the change");
        with(&|seen| seen.take(&pod(30, 1, true)));
        assert_eq!(running(), "new", "started again");
    }
}
