//! Bringing one object into one cluster.

use futures::FutureExt;
use futures::future::BoxFuture;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::discovery::Scope;
use serde_json::Value;

use crate::admin::data_plane::{DataPlaneError, KubeDataPlane};

/// What had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    Created,
    Patched,
    Unchanged,
}

/// A cluster that objects are brought into.
pub(crate) trait ResourceTarget: Send + Sync {
    /// Creates the object, or patches what differs.
    fn apply<'a>(&'a self, namespace: &'a str, object: &'a Value) -> BoxFuture<'a, Result<Applied, DataPlaneError>>;
}

impl ResourceTarget for KubeDataPlane {
    fn apply<'a>(&'a self, namespace: &'a str, object: &'a Value) -> BoxFuture<'a, Result<Applied, DataPlaneError>> {
        self.within(apply(self, namespace, object)).boxed()
    }
}

async fn apply(cluster: &KubeDataPlane, namespace: &str, desired: &Value) -> Result<Applied, DataPlaneError> {
    let object: DynamicObject = serde_json::from_value(desired.clone()).map_err(|error| DataPlaneError::other(error.to_string()))?;
    let types = object
        .types
        .clone()
        .ok_or_else(|| DataPlaneError::other("object has no apiVersion and kind".to_owned()))?;
    let name = object.metadata.name.clone().unwrap_or_default();
    let kind = GroupVersionKind::try_from(&types).map_err(|error| DataPlaneError::other(error.to_string()))?;
    let (resource, scope) = cluster.kind(&kind).await?;
    let client = cluster.client();
    let api: Api<DynamicObject> = match scope {
        Scope::Cluster => Api::all_with(client, &resource),
        Scope::Namespaced => {
            let namespace = object.metadata.namespace.as_deref().unwrap_or(namespace);
            Api::namespaced_with(client, namespace, &resource)
        }
    };
    match api.create(&PostParams::default(), &object).await {
        Ok(_) => return Ok(Applied::Created),
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        Err(error) => return Err(error.into()),
    }
    let live = api.get(&name).await?;
    let live = serde_json::to_value(&live).map_err(|error| DataPlaneError::other(error.to_string()))?;
    if contains(&live, desired) {
        return Ok(Applied::Unchanged);
    }
    // Only kinds that the API server is built with have merge keys.
    let patch = if kind.group.contains('.') && !kind.group.ends_with(".k8s.io") {
        Patch::Merge(desired)
    } else {
        Patch::Strategic(desired)
    };
    api.patch(&name, &PatchParams::default(), &patch).await?;
    Ok(Applied::Patched)
}

/// Whether everything in `desired` stands in `live` just so. A quantity that the template writes as a number differs
/// from the string that the API server stores, as in Flyte.
fn contains(live: &Value, desired: &Value) -> bool {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => desired
            .iter()
            .all(|(key, value)| live.get(key).is_some_and(|live| contains(live, value))),
        (live, desired) => live == desired,
    }
}
