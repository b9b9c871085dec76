//! The objects of a release: from manifests to what the API server knows.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::discovery::{Discovery, Scope};
use kube::{Api, Client};
use serde_json::{Value as Json, json};

use super::ReleaseError;
use crate::render::Manifest;

/// An object of a release with the resource it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) object: Json,
    pub(super) kind: String,
    pub(super) name: String,
    /// Empty for objects of the cluster.
    pub(super) namespace: String,
    resource: ApiResource,
}

/// What identifies an object across revisions.
pub(super) type Identity = (String, String, String, String);

impl Target {
    /// Group, kind, namespace and name; the version does not count.
    pub(super) fn identity(&self) -> Identity {
        (
            self.resource.group.clone(),
            self.kind.clone(),
            self.namespace.clone(),
            self.name.clone(),
        )
    }

    pub(super) fn api(&self, client: &Client) -> Api<DynamicObject> {
        if self.namespace.is_empty() {
            Api::all_with(client.clone(), &self.resource)
        } else {
            Api::namespaced_with(client.clone(), &self.namespace, &self.resource)
        }
    }

    /// `Kind/namespace/name`, as Helm's waiter writes it.
    pub(super) fn path(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace, self.name)
    }

    /// The annotation that keeps an object when its release no longer has it.
    pub(super) fn is_kept(object: &Json) -> bool {
        object["metadata"]["annotations"]["helm.sh/resource-policy"]
            .as_str()
            .is_some_and(|p| p.trim() == "keep")
    }

    /// Marks the object as belonging to a release.
    pub(super) fn own(&mut self, release: &str, namespace: &str) {
        self.object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
        let annotations = &mut self.object["metadata"]["annotations"];
        annotations["meta.helm.sh/release-name"] = json!(release);
        annotations["meta.helm.sh/release-namespace"] = json!(namespace);
    }
}

/// Finds the resources of manifests; objects without a namespace get the release's.
pub(super) fn targets(manifests: &[Manifest], discovery: &Discovery, namespace: &str) -> Result<Vec<Target>, ReleaseError> {
    let mut targets = Vec::new();
    for manifest in manifests.iter().filter(|manifest| !manifest.object.is_null()) {
        match manifest.object["items"].as_array() {
            Some(items) if manifest.kind().ends_with("List") => {
                for item in items {
                    targets.push(target(&manifest.source, item.clone(), discovery, namespace)?);
                }
            }
            _ => targets.push(target(&manifest.source, manifest.object.clone(), discovery, namespace)?),
        }
    }
    Ok(targets)
}

fn target(source: &str, mut object: Json, discovery: &Discovery, namespace: &str) -> Result<Target, ReleaseError> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let api_version = text(&object["apiVersion"]);
    let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
    let missing = |message: &str| ReleaseError::Manifest {
        source_file: source.to_owned(),
        message: message.into(),
    };
    if kind.is_empty() {
        return Err(missing("error validating \"\": error validating data: kind not set"));
    }
    if api_version.is_empty() {
        return Err(missing("error validating \"\": error validating data: apiVersion not set"));
    }
    if name.is_empty() {
        return Err(missing("resource name may not be empty"));
    }
    let own_namespace = text(&object["metadata"]["namespace"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let (resource, capabilities) = discovery
        .resolve_gvk(&GroupVersionKind::gvk(group, version, &kind))
        .ok_or_else(|| ReleaseError::UnknownKind {
            name: name.clone(),
            namespace: own_namespace.clone(),
            kind: kind.clone(),
            api_version: api_version.clone(),
        })?;
    let namespace = match capabilities.scope {
        Scope::Cluster => String::new(),
        Scope::Namespaced if own_namespace.is_empty() => {
            object["metadata"]["namespace"] = json!(namespace);
            namespace.to_owned()
        }
        Scope::Namespaced => own_namespace,
    };
    if namespace.is_empty()
        && let Some(metadata) = object["metadata"].as_object_mut()
    {
        metadata.remove("namespace");
    }
    Ok(Target {
        object,
        kind,
        name,
        namespace,
        resource,
    })
}

/// Why a live object is not the release's; empty if it is.
pub(super) fn ownership_faults(live: &Json, release: &str, namespace: &str) -> Vec<String> {
    let metadata = &live["metadata"];
    let checks = [
        ("label", "labels", "app.kubernetes.io/managed-by", "Helm"),
        ("annotation", "annotations", "meta.helm.sh/release-name", release),
        ("annotation", "annotations", "meta.helm.sh/release-namespace", namespace),
    ];
    let mut faults = Vec::new();
    for (what, field, key, wanted) in checks {
        match metadata[field][key].as_str() {
            Some(value) if value == wanted => {}
            Some(value) => faults.push(format!(
                "{what} validation error: key {key:?} must equal {wanted:?}: current value is {value:?}"
            )),
            None => faults.push(format!("{what} validation error: missing key {key:?}: must be set to {wanted:?}")),
        }
    }
    faults
}
