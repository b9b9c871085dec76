//! Embedded clusters, and pods that run one program with one configuration.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use flyte::stores::{Database, DatabaseAddress, Stores};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, LogParams, Patch, PatchParams, PostParams, ResourceExt};
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use serde_json::{Value, json};
use simnet::tls::Authority;
use simnet::{Clock, Effect, Network, Rule, RuleId};
use virtual_node::{ServiceProxy, VirtualNode};

/// The cluster that flyteadmin runs in.
pub(crate) const HOME: &str = "controlplane";
/// Where tests connect from.
const TESTER: &str = "tester";
const DATA_PLANE: &str = include_str!("../../../../fixtures/upstream/dataplane.yaml");

pub(crate) struct Bench {
    pub(crate) network: Network,
    pub(crate) stores: Stores,
    clock: Clock,
    /// What pods trust without being told.
    trust: Arc<str>,
    clusters: BTreeMap<String, EmbeddedCluster>,
    nodes: Vec<(VirtualNode, ServiceProxy)>,
    /// Files with the credentials of the data planes.
    pub(crate) credentials: BTreeMap<String, String>,
    started: Cell<u32>,
}

/// What a pod runs and finds.
#[derive(Clone, Default)]
pub(crate) struct Run {
    pub(crate) command: Vec<&'static str>,
    pub(crate) config: Value,
    /// Files in `/var/run/credentials`.
    pub(crate) credentials: BTreeMap<String, String>,
    /// Files in `/etc/flyte/templates`.
    pub(crate) templates: BTreeMap<String, String>,
    pub(crate) without_account: bool,
}

impl Bench {
    /// A control-plane cluster with a node, and data planes that have an API server, the kind, and an account for flyteadmin.
    pub(crate) async fn start(data_planes: &[&str]) -> Self {
        let clock = Clock::simulated();
        let mut bench = Self {
            network: Network::simulated(clock.clone()),
            stores: Stores::new(),
            trust: Authority::new("public", &clock).unwrap().pem().into(),
            clock,
            clusters: BTreeMap::new(),
            nodes: Vec::new(),
            credentials: BTreeMap::new(),
            started: Cell::new(0),
        };
        bench.cluster(HOME).await;
        bench.node(HOME).await;
        for zone in data_planes {
            bench.cluster(zone).await;
            let secret = bench.token(zone).await;
            bench.credentials.insert(format!("{zone}_token"), secret);
            bench.credentials.insert(format!("{zone}_cacert"), bench.clusters[*zone].ca_pem());
        }
        bench
    }

    async fn cluster(&mut self, zone: &str) {
        let public = public(zone);
        let host = self.network.host(zone, "api");
        let cluster = EmbeddedCluster::builder(zone.to_lowercase().replace('_', "-"))
            .clock(self.clock.clone())
            .host(host.clone())
            .server_names(vec![public.clone()])
            .start()
            .await
            .unwrap();
        for port in [443, 6443] {
            cluster.serve(host.listen(port).await.unwrap()).unwrap();
        }
        self.network.name(&public, zone, "api");
        self.clusters.insert(zone.to_owned(), cluster);
        self.make(
            zone,
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flyte"}}),
        )
        .await;
        self.make(
            zone,
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "flyteadmin", "namespace": "flyte"}}),
        )
        .await;
        self.make(zone, binding()).await;
        self.make(zone, definition()).await;
        self.watch_kind(zone).await;
    }

    async fn watch_kind(&self, zone: &str) {
        let kind = GroupVersionKind::gvk("flyte.lyft.com", "v1alpha1", "FlyteWorkflow");
        while pinned_kind(&self.client(zone), &kind).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A node, for pods.
    pub(crate) async fn node(&mut self, zone: &str) {
        let services = ServiceProxy::start(self.client(zone), &self.network, zone, ("api", 443)).await;
        let node = VirtualNode::builder(self.client(zone))
            .name("node")
            .network(self.network.clone(), zone)
            .programs(flyte::programs::programs(self.stores.clone()))
            .clock(self.clock.clone())
            .trust(self.trust.clone())
            .start();
        self.nodes.push((node.await.unwrap(), services));
    }

    pub(crate) fn client(&self, zone: &str) -> kube::Client {
        self.clusters[zone].client()
    }

    /// The database that flyteadmin uses.
    pub(crate) fn database(&self) -> Database {
        let address = DatabaseAddress {
            host: "postgres".to_owned(),
            port: 5432,
            dbname: "flyteadmin".to_owned(),
        };
        self.stores.database(&address).unwrap()
    }

    /// Keeps traffic from a data plane until the rule is removed.
    pub(crate) fn cut(&self, zone: &str, effect: Effect) -> RuleId {
        self.network.rules().add(Rule {
            from: None,
            to: Some(zone.to_owned()),
            effect,
        })
    }

    async fn api(&self, zone: &str, object: &Value) -> Api<DynamicObject> {
        let (group, version) = object["apiVersion"].as_str().unwrap().split_once('/').unwrap_or(("", "v1"));
        let version = if group.is_empty() {
            object["apiVersion"].as_str().unwrap()
        } else {
            version
        };
        let kind = GroupVersionKind::gvk(group, version, object["kind"].as_str().unwrap());
        let (resource, capabilities): (ApiResource, _) = pinned_kind(&self.client(zone), &kind).await.unwrap();
        match capabilities.scope {
            Scope::Cluster => Api::all_with(self.client(zone), &resource),
            Scope::Namespaced => {
                let namespace = object["metadata"]["namespace"].as_str().unwrap_or("flyte");
                Api::namespaced_with(self.client(zone), namespace, &resource)
            }
        }
    }

    /// Creates an object.
    pub(crate) async fn make(&self, zone: &str, object: Value) {
        let api = self.api(zone, &object).await;
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        api.create(&PostParams::default(), &object).await.unwrap();
    }

    /// An object, if it is there; `wanted` names it.
    pub(crate) async fn object(&self, zone: &str, wanted: &Value) -> Option<Value> {
        let api = self.api(zone, wanted).await;
        let object = api.get_opt(wanted["metadata"]["name"].as_str().unwrap()).await.unwrap();
        object.map(|object| serde_json::to_value(object).unwrap())
    }

    /// Merges into an object.
    pub(crate) async fn patch(&self, zone: &str, object: &Value) {
        let api = self.api(zone, object).await;
        let name = object["metadata"]["name"].as_str().unwrap();
        api.patch(name, &PatchParams::default(), &Patch::Merge(object)).await.unwrap();
    }

    pub(crate) async fn remove(&self, zone: &str, object: &Value) {
        let api = self.api(zone, object).await;
        let name = object["metadata"]["name"].as_str().unwrap();
        api.delete(name, &DeleteParams::default()).await.unwrap();
    }

    async fn token(&self, zone: &str) -> String {
        self.make(
            zone,
            json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token", "metadata": {
                "name": "token", "namespace": "flyte", "annotations": {"kubernetes.io/service-account.name": "flyteadmin"}}}),
        )
        .await;
        let api: Api<Secret> = Api::namespaced(self.client(zone), "flyte");
        loop {
            let data = api.get("token").await.unwrap().data.unwrap_or_default();
            if let Some(token) = data.get("token") {
                return String::from_utf8(token.0.clone()).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts a pod in a cluster and answers with its name.
    pub(crate) async fn run(&self, zone: &str, image: &str, run: &Run) -> String {
        self.started.set(self.started.get() + 1);
        let name = format!("{image}-{}", self.started.get());
        for (kind, files) in [("credentials", &run.credentials), ("templates", &run.templates)] {
            self.make(
                zone,
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": format!("{name}-{kind}"), "namespace": "flyte"},
                       "stringData": files}),
            )
            .await;
        }
        self.make(
            zone,
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("{name}-config"), "namespace": "flyte"},
                   "data": {"all.yaml": run.config.to_string()}}),
        )
        .await;
        let folders = [
            (
                "config",
                "/etc/flyte/config",
                json!({"configMap": {"name": format!("{name}-config")}}),
            ),
            (
                "credentials",
                "/var/run/credentials",
                json!({"secret": {"secretName": format!("{name}-credentials")}}),
            ),
            (
                "templates",
                "/etc/flyte/templates",
                json!({"secret": {"secretName": format!("{name}-templates")}}),
            ),
        ];
        let mounts = folders
            .iter()
            .map(|(volume, path, _)| json!({"name": volume, "mountPath": path}))
            .collect::<Vec<_>>();
        let volumes = folders.iter().map(|(volume, _, source)| {
            let mut volume = json!({"name": volume});
            volume.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
            volume
        });
        let mut command = vec![image, "--config", "/etc/flyte/config/*.yaml"];
        command.extend(&run.command);
        self.make(
            zone,
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "flyte"}, "spec": {
                "serviceAccountName": "flyteadmin", "automountServiceAccountToken": !run.without_account,
                "restartPolicy": "Never", "volumes": volumes.collect::<Vec<_>>(),
                "containers": [{"name": "main", "image": format!("cr.flyte.org/flyteorg/{image}"), "command": command, "volumeMounts": mounts}]}}),
        )
        .await;
        name
    }

    /// Starts a datacatalog, `datacatalog.example:8089` for all clusters, on the database that every other one has.
    pub(crate) async fn catalog(&self) -> String {
        let config = json!({
            "database": {"host": "postgres", "port": 5432, "dbname": "datacatalog"},
            "storage": {"type": "s3", "container": "bucket", "connection": {"region": "us-east-2", "auth-type": "iam"}},
            "datacatalog": {"storage-prefix": "metadata/datacatalog", "max-reservation-heartbeat": "30s"},
        });
        let run = Run {
            command: vec!["serve"],
            config,
            ..Run::default()
        };
        let pod = self.run(HOME, "datacatalog", &run).await;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let Some(address) = self.pod(HOME, &pod).await.status.and_then(|status| status.pod_ip) else {
                continue;
            };
            if self.host().connect(&address, 8089).await.is_ok() {
                self.network.name("datacatalog.example", HOME, &address);
                return pod;
            }
        }
    }

    pub(crate) async fn pod(&self, zone: &str, name: &str) -> Pod {
        let api: Api<Pod> = Api::namespaced(self.client(zone), "flyte");
        api.get(name).await.unwrap()
    }

    /// Waits until a pod has ended; true if it did well.
    pub(crate) async fn ended(&self, zone: &str, name: &str) -> bool {
        loop {
            match phase(&self.pod(zone, name).await).as_str() {
                "Succeeded" => return true,
                "Failed" => return false,
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    pub(crate) async fn log(&self, zone: &str, name: &str) -> String {
        let api: Api<Pod> = Api::namespaced(self.client(zone), "flyte");
        api.logs(name, &LogParams::default()).await.unwrap()
    }

    /// Ends a pod at once.
    pub(crate) async fn stop(&self, zone: &str, name: &str) {
        let api: Api<Pod> = Api::namespaced(self.client(zone), "flyte");
        api.delete(name, &DeleteParams::default().grace_period(0)).await.unwrap();
        while api.get_opt(name).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A place for tests in the network of the control plane.
    pub(crate) fn host(&self) -> simnet::Host {
        self.network.host(HOME, TESTER)
    }

    /// Names of the objects of a kind in a namespace, oldest first.
    pub(crate) async fn names(&self, zone: &str, like: &Value) -> Vec<String> {
        let mut objects = self.api(zone, like).await.list(&ListParams::default()).await.unwrap().items;
        objects.sort_by_key(|object| object.creation_timestamp().map(|time| time.0));
        objects.iter().map(ResourceExt::name_any).collect()
    }
}

pub(crate) fn phase(pod: &Pod) -> String {
    pod.status.as_ref().and_then(|status| status.phase.clone()).unwrap_or_default()
}

/// The name of a data plane's API server.
pub(crate) fn public(zone: &str) -> String {
    format!("{}.example", zone.to_lowercase().replace('_', "-"))
}

/// All rights for flyteadmin.
pub(crate) fn binding() -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "flyteadmin"},
           "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
           "subjects": [{"kind": "ServiceAccount", "name": "flyteadmin", "namespace": "flyte"}]})
}

/// The kind, as upstream's chart defines it.
pub(crate) fn definition() -> Value {
    let objects = yaml::manifest::documents(DATA_PLANE).unwrap();
    objects
        .into_iter()
        .find(|object| object["kind"] == "CustomResourceDefinition")
        .unwrap()
}
