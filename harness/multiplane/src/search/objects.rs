//! What a world of a search is made of: the objects that Flyte's charts would make, without the charts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::{GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::history::plane_id;
use crate::backend::names;

/// The namespace of Flyte's own pods.
pub(super) const NAMESPACE: &str = "flyte";
/// The cluster of the control plane.
pub(super) const HOME: &str = "controlplane";
/// The Secret with the credentials of the data planes, in the control plane.
pub(super) const CREDENTIALS: &str = "cluster-credentials";
/// The ConfigMap of flyteadmin and the resource sync.
pub(super) const CONFIG: &str = "flyte-admin-config";
/// Name of flyteadmin's Deployment and of its pods' label `app`.
pub(super) const ADMIN: &str = "flyteadmin";
/// The same of the resource sync.
pub(super) const SYNC: &str = "syncresources";
/// The same of a data plane's flytepropeller.
pub(super) const PROPELLER: &str = "flytepropeller";
/// Where flyteadmin serves gRPC in the clear.
pub(super) const PORT: u16 = 81;
/// What executions run.
pub(super) const WORKFLOWS: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Workflows
tasks:
  quick: {duration: 5s}
  long: {duration: 60s}
workflows:
  quick: {nodes: {n0: {task: quick}}}
  long: {nodes: {n0: {task: long}}}
";

/// The custom resource definitions of a data plane, read once for all worlds.
static DEFINITIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut manifests = yaml::manifest::documents(include_str!("../../../../fixtures/upstream/dataplane.yaml")).unwrap_or_default();
    manifests.retain(|object| object["kind"] == "CustomResourceDefinition");
    manifests
});

/// What an operator sets in flyteadmin's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// The data plane of each label, by numbers from 1: the first entry is label 1's.
    pub(super) labels: Vec<usize>,
    /// Data planes that are not enabled.
    pub(super) disabled: BTreeSet<usize>,
}

impl Placement {
    /// Every label leads to the data plane of its number.
    pub(super) fn new(planes: usize) -> Self {
        Self {
            labels: (1..=planes).collect(),
            disabled: BTreeSet::new(),
        }
    }

    /// The section `clusters`.
    pub(super) fn section(&self) -> Value {
        let entries: Vec<Value> = (1..=self.labels.len()).map(|number| self.entry(number)).collect();
        let labels = self.labels.iter().enumerate();
        let labels: BTreeMap<String, Value> = labels
            .map(|(index, plane)| (format!("label{}", index + 1), json!([{"id": plane_id(*plane), "weight": 1}])))
            .collect();
        json!({"clusterConfigs": entries, "labelClusterMap": labels})
    }

    fn entry(&self, number: usize) -> Value {
        let id = plane_id(number);
        json!({"name": id, "endpoint": format!("https://{}", names::api(&id)), "enabled": !self.disabled.contains(&number), "auth": {
            "tokenPath": format!("/var/run/credentials/{id}_token"), "certPath": format!("/var/run/credentials/{id}_cacert")}})
    }

    /// The configuration of flyteadmin and the resource sync.
    pub(super) fn config(&self, upstream: bool) -> Value {
        let on = !upstream;
        let switches = json!({"strictLabels": on, "rereadTokens": on, "refuseUsedNames": on, "abortWhenGone": on});
        json!({
            "clusters": self.section(),
            "domains": [{"id": "development", "name": "development"}],
            "database": {"host": "postgres", "port": 5432, "dbname": "flyteadmin"},
            "storage": storage(),
            "flyteadmin": {"metadataStoragePrefix": ["metadata", "admin"], "eventVersion": 2, "multiplane": switches},
            "server": {"httpPort": 8088, "grpc": {"port": 8089}},
            "cluster_resources": {"templatePath": "/etc/flyte/templates", "refreshInterval": "30s",
                "multiplane": {"cachePerCluster": on, "rereadTokens": on}},
        })
    }
}

fn storage() -> Value {
    json!({"type": "s3", "container": "bucket", "connection": {"region": "us-east-2", "auth-type": "iam"}})
}

/// The configuration of a data plane's flytepropeller.
fn propeller_config() -> Value {
    json!({
        "admin": {"endpoint": names::service(HOME, NAMESPACE, ADMIN, PORT), "insecure": true},
        "propeller": {"rawoutput-prefix": "s3://bucket", "metadata-prefix": "metadata/propeller"},
        "storage": storage(),
    })
}

/// The control plane, in the order in which it is made.
pub(super) fn control_plane(placement: &Placement, upstream: bool, credentials: &BTreeMap<String, String>) -> Vec<Value> {
    let template = "apiVersion: v1\nkind: Namespace\nmetadata: {name: \"{{ namespace }}\"}\n";
    vec![
        namespace(),
        account(ADMIN),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta(CREDENTIALS), "stringData": credentials}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(CONFIG), "data": {"all.yaml": placement.config(upstream).to_string()}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("templates"), "data": {"aa_namespace.yaml": template}}),
        deployment(ADMIN, ADMIN, ADMIN, &["serve"], CONFIG),
        deployment(SYNC, ADMIN, ADMIN, &["clusterresource", "run"], CONFIG),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta(ADMIN), "spec": {
            "selector": {"app": ADMIN}, "ports": [{"name": "grpc", "port": PORT, "targetPort": 8089}]}}),
    ]
}

/// A data plane, without what the control plane is granted.
pub(super) fn data_plane() -> Vec<Value> {
    let mut objects = vec![namespace(), account(ADMIN), account(PROPELLER), binding(ADMIN), binding(PROPELLER)];
    objects.extend(DEFINITIONS.iter().cloned());
    objects.push(token_secret("flyteadmin-token"));
    let config = propeller_config().to_string();
    objects
        .push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("flyte-propeller-config"), "data": {"all.yaml": config}}));
    objects.push(deployment(PROPELLER, PROPELLER, PROPELLER, &[], "flyte-propeller-config"));
    objects
}

/// A long-lived token of the account that flyteadmin uses in a data plane.
pub(super) fn token_secret(name: &str) -> Value {
    let mut metadata = meta(name);
    metadata["annotations"] = json!({"kubernetes.io/service-account.name": ADMIN});
    json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token", "metadata": metadata})
}

fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
}

fn account(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(name)})
}

/// All rights: what programs may do is not what is searched.
fn binding(account: &str) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": account},
           "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
           "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]})
}

fn meta(name: &str) -> Value {
    json!({"name": name, "namespace": NAMESPACE})
}

fn deployment(name: &str, image: &str, account: &str, arguments: &[&str], config: &str) -> Value {
    let mut volumes = vec![("config", "/etc/flyte/config", json!({"configMap": {"name": config}}))];
    if account == ADMIN {
        volumes.push((
            "credentials",
            "/var/run/credentials",
            json!({"secret": {"secretName": CREDENTIALS}}),
        ));
        volumes.push(("templates", "/etc/flyte/templates", json!({"configMap": {"name": "templates"}})));
    }
    let mounts: Vec<Value> = volumes
        .iter()
        .map(|(volume, path, _)| json!({"name": volume, "mountPath": path}))
        .collect();
    let volumes: Vec<Value> = volumes
        .into_iter()
        .map(|(volume, _, mut source)| {
            source["name"] = volume.into();
            source
        })
        .collect();
    let command: Vec<&str> = [image, "--config", "/etc/flyte/config/*.yaml"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name), "spec": {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {
            "serviceAccountName": account, "volumes": volumes,
            "containers": [{"name": name, "image": format!("cr.flyte.org/flyteorg/{image}"), "command": command, "volumeMounts": mounts}]}}}})
}

/// Makes an object.
pub(super) async fn make(client: &Client, object: Value) -> Result<(), kube::Error> {
    let object: DynamicObject = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
    let TypeMeta { api_version, kind } = object.types.clone().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    api.create(&PostParams::default(), &object).await?;
    Ok(())
}
