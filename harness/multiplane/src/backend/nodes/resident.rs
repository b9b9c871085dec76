//! What every cluster of a world gets that runs the reference planes: the resident, with its Services.

use std::fmt::Debug;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Secret, Service, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::api::{Patch, PatchParams, Resource};
use kube::runtime::wait::await_condition;
use kube::{Api, Client};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use simnet::tls::{Authority, KeyPair};

use super::{DATA, NodesError};
use crate::resident::{IMAGE, INGRESS, INGRESS_PORTS, NAME, NAMESPACE, STORES, STORES_PORT, TRUST};
use crate::run::diagnose::unready;

/// How long the resident may take: its image is on the node.
const LIMIT: Duration = Duration::from_secs(180);
/// Where the certificate is mounted.
const IDENTITY: &str = "/etc/multiplane";
/// An account that owns nothing.
const NOBODY: i64 = 65532;

/// Makes the folder that all nodes of a world get. Containers of several accounts write there, hence its mode; the folders above it keep
/// others on the host out.
pub(in crate::backend) fn data(world: &Path, trust: &str) -> Result<PathBuf, NodesError> {
    // A mount needs an absolute path.
    let folder = std::path::absolute(world).unwrap_or_else(|_| world.to_owned()).join("data");
    let make = || {
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o777))?;
        fs::write(folder.join(TRUST), trust)?;
        fs::set_permissions(folder.join(TRUST), Permissions::from_mode(0o644))
    };
    match make() {
        Ok(()) => Ok(folder),
        Err(error) => Err(NodesError::file(&folder, error)),
    }
}

/// Where a resident goes.
pub(in crate::backend) struct Place<'a> {
    /// Of the Ingress controllers' certificates.
    pub(in crate::backend) authority: &'a Authority,
    /// The cluster's id.
    pub(in crate::backend) id: &'a str,
    /// The name or address by which pods of other clusters reach a node.
    pub(in crate::backend) node: &'a str,
    pub(in crate::backend) client: &'a Client,
    /// Where the host reaches the Ingress controller.
    pub(in crate::backend) way_in: &'a str,
}

/// Puts the resident into a cluster and waits until it answers.
pub(in crate::backend) async fn put(place: &Place<'_>) -> Result<(), NodesError> {
    let Place {
        authority,
        id,
        node,
        client,
        way_in,
    } = *place;
    let failed = |message: String| NodesError::Resident {
        cluster: id.to_owned(),
        message,
    };
    // The names by which pods of other clusters and the host come in.
    let host = way_in.rsplit_once(':').map_or(way_in, |(host, _)| host);
    let names = [node, "localhost", host];
    let pair = authority.issue_server(&names).map_err(|error| failed(error.to_string()))?;
    apply_all(client, id, &pair)
        .await
        .map_err(|error| failed(format!("the resident cannot be put there: {error}")))?;
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    let available = await_condition(deployments, NAME, |deployment: Option<&Deployment>| {
        let status = deployment.and_then(|deployment| deployment.status.as_ref());
        status.and_then(|status| status.available_replicas).unwrap_or(0) > 0
    });
    match tokio::time::timeout(LIMIT, available).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => {
            let details = unready(client, NAMESPACE).await.unwrap_or_default();
            Err(failed(format!("the resident is not ready:\n{}", details.join("\n"))))
        }
    }
}

async fn apply_all(client: &Client, id: &str, pair: &KeyPair) -> kube::Result<()> {
    wide::<Namespace>(client, json!({"metadata": {"name": NAMESPACE}})).await?;
    let own = json!({"name": NAME, "namespace": NAMESPACE});
    inside::<ServiceAccount>(client, json!({"metadata": own})).await?;
    let read = json!(["get", "list", "watch"]);
    let rules = json!([
        {"apiGroups": [""], "resources": ["services"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["patch"]},
    ]);
    wide::<ClusterRole>(client, json!({"metadata": {"name": NAME}, "rules": rules})).await?;
    let binding = json!({
        "metadata": {"name": NAME},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    });
    wide::<ClusterRoleBinding>(client, binding).await?;
    let certificate = json!({"tls.crt": pair.cert_pem, "tls.key": pair.key_pem});
    inside::<Secret>(
        client,
        json!({"metadata": own, "type": "kubernetes.io/tls", "stringData": certificate}),
    )
    .await?;
    inside::<Deployment>(client, deployment(id)).await?;
    let ports = json!([{"name": "stores", "port": STORES_PORT, "targetPort": STORES_PORT}]);
    inside::<Service>(client, service(STORES, &ports)).await?;
    let ports = json!([
        {"name": "https", "port": 443, "targetPort": INGRESS_PORTS.0},
        {"name": "http", "port": 80, "targetPort": INGRESS_PORTS.1},
    ]);
    inside::<Service>(client, service(INGRESS, &ports)).await
}

fn service(name: &str, ports: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"selector": {"app": NAME}, "ports": ports}})
}

fn deployment(id: &str) -> Value {
    let container = json!({
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": [id, DATA, IDENTITY, "$(HOST_IP)"],
        "env": [{"name": "HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}],
        "ports": [{"containerPort": STORES_PORT}, {"containerPort": INGRESS_PORTS.0}, {"containerPort": INGRESS_PORTS.1}],
        // The last port that is opened.
        "readinessProbe": {"tcpSocket": {"port": INGRESS_PORTS.1}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "data", "mountPath": DATA}, {"name": "identity", "mountPath": IDENTITY, "readOnly": true}],
    });
    let pod = json!({
        "serviceAccountName": NAME,
        "securityContext": {"runAsNonRoot": true, "runAsUser": NOBODY, "runAsGroup": NOBODY, "fsGroup": NOBODY},
        "terminationGracePeriodSeconds": 2,
        "containers": [container],
        "volumes": [
            {"name": "data", "hostPath": {"path": DATA, "type": "Directory"}},
            {"name": "identity", "secret": {"secretName": NAME}},
        ],
    });
    json!({
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": NAME}},
            "template": {"metadata": {"labels": {"app": NAME}}, "spec": pod},
        },
    })
}

async fn wide<K>(client: &Client, object: Value) -> kube::Result<()>
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Kind,
{
    apply::<K>(&Api::all(client.clone()), object).await
}

async fn inside<K>(client: &Client, object: Value) -> kube::Result<()>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Kind,
{
    apply::<K>(&Api::namespaced(client.clone(), NAMESPACE), object).await
}

/// What every kind of object here is.
trait Kind: k8s_openapi::Resource + Serialize + DeserializeOwned + Clone + Debug {}
impl<K: k8s_openapi::Resource + Serialize + DeserializeOwned + Clone + Debug> Kind for K {}

async fn apply<K: Kind>(api: &Api<K>, mut object: Value) -> kube::Result<()> {
    object["apiVersion"] = json!(K::API_VERSION);
    object["kind"] = json!(K::KIND);
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let params = PatchParams::apply("multiplane").force();
    api.patch(&name, &params, &Patch::Apply(&object)).await.map(drop)
}
