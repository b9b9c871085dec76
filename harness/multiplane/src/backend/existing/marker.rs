//! The marker that allows the harness in a cluster, and the lock on it.
//!
//! It is a ConfigMap in `kube-system`, where only administrators write, and it holds the uid of that namespace, which is the cluster's
//! identity: a marker that came with a backup or with manifests of another cluster allows nothing.

use std::path::Path;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

/// Namespace of the marker.
pub(super) const NAMESPACE: &str = "kube-system";
/// Name of the marker.
pub(super) const NAME: &str = "multiplane-test-cluster";
/// The run that has the cluster.
const LOCK: &str = "multiplane.dev/run";

/// A marker that allows the harness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marker {
    /// Nodes that the cluster may have.
    pub(super) nodes: Option<usize>,
    /// Namespaces with pods of others that it may have.
    pub(super) namespaces: Option<usize>,
    /// The run that has it.
    pub(super) held_by: Option<String>,
}

/// What a cluster says of itself.
#[derive(Debug)]
pub(super) enum Marked {
    /// It is a test cluster, with this identity.
    Yes(Marker, String),
    /// It is not, for this reason.
    No(String),
}

/// Reads the marker.
pub(super) async fn read(client: &Client) -> kube::Result<Marked> {
    let uid = Api::<Namespace>::all(client.clone())
        .get(NAMESPACE)
        .await?
        .uid()
        .unwrap_or_default();
    let Some(map) = markers(client).get_opt(NAME).await? else {
        return Ok(Marked::No(format!("it has no ConfigMap {NAMESPACE}/{NAME}")));
    };
    Ok(match marker(&map, &uid) {
        Ok(marker) => Marked::Yes(marker, uid),
        Err(why) => Marked::No(why),
    })
}

fn markers(client: &Client) -> Api<ConfigMap> {
    Api::namespaced(client.clone(), NAMESPACE)
}

fn marker(map: &ConfigMap, uid: &str) -> Result<Marker, String> {
    let data = map.data.clone().unwrap_or_default();
    match data.get("uid") {
        Some(found) if found == uid => {}
        Some(found) => {
            return Err(format!(
                "ConfigMap {NAMESPACE}/{NAME} is of another cluster: its uid is {found}, that of namespace {NAMESPACE} here {uid}"
            ));
        }
        None => return Err(format!("ConfigMap {NAMESPACE}/{NAME} has no key `uid`")),
    }
    let number = |key: &str| match data.get(key).map(|text| text.parse()) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => Err(format!("ConfigMap {NAMESPACE}/{NAME}: `{key}` is no number: {:?}", data[key])),
    };
    if let Some(unknown) = data.keys().find(|key| !["uid", "nodes", "namespaces"].contains(&key.as_str())) {
        return Err(format!(
            "ConfigMap {NAMESPACE}/{NAME}: `{unknown}` means nothing; there are uid, nodes, namespaces"
        ));
    }
    Ok(Marker {
        nodes: number("nodes")?,
        namespaces: number("namespaces")?,
        held_by: map.annotations().get(LOCK).cloned(),
    })
}

/// What an administrator runs to allow the harness in a cluster.
pub(super) fn command(file: &Path, context: &str) -> String {
    let kubectl = format!("kubectl --kubeconfig {} --context {context}", file.display());
    format!(
        "{kubectl} -n {NAMESPACE} create configmap {NAME} --from-literal=uid=$({kubectl} get namespace {NAMESPACE} -o jsonpath='{{.metadata.uid}}')"
    )
}

/// What frees a cluster whose run is gone, with the machine that it ran on.
pub(super) fn free_command(file: &Path, context: &str) -> String {
    format!(
        "kubectl --kubeconfig {} --context {context} -n {NAMESPACE} annotate configmap {NAME} {LOCK}-",
        file.display()
    )
}

/// Takes the cluster for a run; the name of the run that has it already.
pub(super) async fn lock(client: &Client, run: &str) -> kube::Result<Result<(), String>> {
    let map = markers(client).get(NAME).await?;
    match map.annotations().get(LOCK) {
        Some(holder) if holder != run => return Ok(Err(holder.clone())),
        _ => {}
    }
    // Of two who come at once, the second is refused, since the version is no longer this one.
    match annotate(client, map.resource_version().as_deref(), &json!(run)).await {
        Ok(()) => Ok(Ok(())),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(Err("another run, this very moment".to_owned())),
        Err(error) => Err(error),
    }
}

/// Lets go of it, if it is this run's.
pub(super) async fn unlock(client: &Client, run: &str) -> kube::Result<()> {
    match markers(client).get_opt(NAME).await? {
        Some(map) if map.annotations().get(LOCK).is_some_and(|holder| holder == run) => annotate(client, None, &Value::Null).await,
        _ => Ok(()),
    }
}

async fn annotate(client: &Client, version: Option<&str>, run: &Value) -> kube::Result<()> {
    let mut metadata = json!({"annotations": {LOCK: run}});
    if let Some(version) = version {
        metadata["resourceVersion"] = json!(version);
    }
    let patch = Patch::Merge(json!({"metadata": metadata}));
    markers(client).patch(NAME, &PatchParams::default(), &patch).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(json!({"uid": "u1"}), Ok((None, None)))]
    #[case(json!({"uid": "u1", "nodes": "30", "namespaces": "0"}), Ok((Some(30), Some(0))))]
    #[case(json!({"uid": "u2"}), Err("is of another cluster"))]
    #[case(json!({}), Err("has no key `uid`"))]
    #[case(json!({"uid": "u1", "nodes": "many"}), Err("`nodes` is no number"))]
    #[case(json!({"uid": "u1", "node": "3"}), Err("`node` means nothing"))]
    fn markers(#[case] data: Value, #[case] expected: Result<(Option<usize>, Option<usize>), &str>) {
        let map: ConfigMap = serde_json::from_value(json!({"data": data})).unwrap();
        match (marker(&map, "u1"), expected) {
            (Ok(marker), Ok(expected)) => assert_eq!((marker.nodes, marker.namespaces), expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }
}
