//! A world of embedded clusters with the reference planes, as upstream's chart deploys them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use flyte::client::Admin;
use flyte::stores::Stores;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DynamicObject, ListParams, LogParams, ObjectMeta, PostParams, ResourceExt};
use kube::core::GroupVersionKind;
use kube::discovery::{self, Scope};
use simnet::tls::{Authority, server_config};
use simnet::{Clock, Network};
use virtual_node::{IngressController, Programs, ServiceProxy, VirtualNode};

const CONTROL_PLANE: &str = include_str!("../../../../fixtures/upstream/controlplane.yaml");
const DATA_PLANE: &str = include_str!("../../../../fixtures/upstream/dataplane.yaml");

pub struct World {
    pub network: Network,
    pub stores: Stores,
    pub clusters: BTreeMap<&'static str, Member>,
    trust: String,
}

pub struct Member {
    pub cluster: EmbeddedCluster,
    _nodes: Vec<VirtualNode>,
    _services: ServiceProxy,
    _ingress: IngressController,
}

impl World {
    /// Clusters up, nothing deployed.
    pub async fn start() -> Self {
        let clock = Clock::simulated();
        let network = Network::simulated(clock.clone());
        let stores = Stores::new();
        let authority = Authority::new("world", &clock).unwrap();
        let mut world = Self {
            network,
            stores,
            clusters: BTreeMap::new(),
            trust: authority.pem().to_owned(),
        };
        for (zone, name) in [
            ("controlplane", "controlplane"),
            ("dataplane_1", "dataplane-1"),
            ("dataplane_2", "dataplane-2"),
        ] {
            let member = world.member(zone, name, &authority, &clock).await;
            world.clusters.insert(zone, member);
        }
        world
    }

    async fn member(&self, zone: &str, name: &str, authority: &Authority, clock: &Clock) -> Member {
        let public = format!("{name}.example");
        let cluster = EmbeddedCluster::builder(name)
            .clock(clock.clone())
            .host(self.network.host(zone, "api"))
            .server_names(vec![public.clone()])
            .start()
            .await
            .unwrap();
        let api = self.network.host(zone, "api");
        cluster.serve(api.listen(443).await.unwrap()).unwrap();
        let services = ServiceProxy::start(cluster.client(), &self.network, zone, ("api", 443)).await;
        let pair = authority.issue_server(&[&public]).unwrap();
        let tls = server_config(&pair, None, &["h2", "http/1.1"], clock).unwrap();
        let ingress = IngressController::start(cluster.client(), &self.network, zone, "172.18.0.100", &services, tls)
            .await
            .unwrap();
        // The control plane's name is its ingress's, a data plane's that of its API server.
        let target = if zone == "controlplane" { "172.18.0.100" } else { "api" };
        self.network.name(&public, zone, target);
        let mut nodes = Vec::new();
        for index in 0..2_u8 {
            let node = VirtualNode::builder(cluster.client())
                .name(format!("node-{index}"))
                .index(index)
                .network(self.network.clone(), zone)
                .programs(self.programs())
                .clock(clock.clone())
                .seed(u64::from(index))
                .trust(Arc::from(self.trust.as_str()))
                .start()
                .await
                .unwrap();
            nodes.push(node);
        }
        Member {
            cluster,
            _nodes: nodes,
            _services: services,
            _ingress: ingress,
        }
    }

    fn programs(&self) -> Programs {
        flyte::programs::programs(self.stores.clone())
    }

    pub fn client(&self, zone: &str) -> kube::Client {
        self.clusters[zone].cluster.client()
    }

    /// Deploys both halves as the guide does, credentials included, and waits until flyteadmin is available.
    pub async fn deploy(&self) {
        let mut credentials = BTreeMap::new();
        for zone in ["dataplane_1", "dataplane_2"] {
            self.namespace(zone, "flyte").await;
            self.apply(zone, DATA_PLANE).await;
            let secret = self.token(zone).await;
            for (key, name) in [("token", "token"), ("ca.crt", "cacert")] {
                credentials.insert(format!("{zone}_{name}"), secret[key].clone());
            }
        }
        self.namespace("controlplane", "flyte").await;
        let secret = Secret {
            metadata: named("cluster-credentials"),
            data: Some(credentials),
            ..Secret::default()
        };
        let api: Api<Secret> = Api::namespaced(self.client("controlplane"), "flyte");
        api.create(&PostParams::default(), &secret).await.unwrap();
        self.apply("controlplane", CONTROL_PLANE).await;
        self.available("controlplane", "flyteadmin").await;
        for zone in ["dataplane_1", "dataplane_2"] {
            self.available(zone, "flytepropeller").await;
        }
    }

    pub async fn namespace(&self, zone: &str, name: &str) {
        let namespace = Namespace {
            metadata: named(name),
            ..Namespace::default()
        };
        let api: Api<Namespace> = Api::all(self.client(zone));
        api.create(&PostParams::default(), &namespace).await.unwrap();
    }

    /// Creates every object of a manifest, in its order but definitions first.
    pub async fn apply(&self, zone: &str, manifest: &str) {
        let client = self.client(zone);
        let mut objects = yaml::manifest::documents(manifest).unwrap();
        objects.sort_by_key(|object| object["kind"] != "CustomResourceDefinition");
        for object in objects {
            let object: DynamicObject = serde_json::from_value(object).unwrap();
            let types = object.types.clone().unwrap();
            let kind = GroupVersionKind::try_from(&types).unwrap();
            let (resource, capabilities) = discovery::pinned_kind(&client, &kind).await.unwrap();
            let api: Api<DynamicObject> = match capabilities.scope {
                Scope::Cluster => Api::all_with(client.clone(), &resource),
                Scope::Namespaced => Api::namespaced_with(client.clone(), "flyte", &resource),
            };
            let name = object.name_any();
            if let Err(error) = api.create(&PostParams::default(), &object).await {
                panic!("{zone}: {} {name}: {error}", types.kind);
            }
            if types.kind == "CustomResourceDefinition" {
                self.established(zone, &name).await;
            }
        }
    }

    async fn established(&self, zone: &str, name: &str) {
        let api: Api<CustomResourceDefinition> = Api::all(self.client(zone));
        let established = kube::runtime::conditions::is_crd_established();
        let wait = kube::runtime::wait::await_condition(api, name, established);
        tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap().unwrap();
    }

    /// The token Secret that the guide has the user create.
    async fn token(&self, zone: &str) -> BTreeMap<String, ByteString> {
        let api: Api<Secret> = Api::namespaced(self.client(zone), "flyte");
        let account = ("kubernetes.io/service-account.name".to_owned(), "flyteadmin".to_owned());
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some("dataplane-token".to_owned()),
                annotations: Some([account].into()),
                ..ObjectMeta::default()
            },
            type_: Some("kubernetes.io/service-account-token".to_owned()),
            ..Secret::default()
        };
        api.create(&PostParams::default(), &secret).await.unwrap();
        let filled = |secret: Option<&Secret>| {
            secret
                .and_then(|secret| secret.data.as_ref())
                .is_some_and(|data| data.contains_key("token"))
        };
        let wait = kube::runtime::wait::await_condition(api, "dataplane-token", filled);
        let secret = tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap().unwrap();
        secret.unwrap().data.unwrap()
    }

    pub async fn available(&self, zone: &str, name: &str) {
        let api: Api<Deployment> = Api::namespaced(self.client(zone), "flyte");
        let available = |deployment: Option<&Deployment>| {
            let status = deployment.and_then(|deployment| deployment.status.as_ref());
            let wanted = deployment.and_then(|deployment| deployment.spec.as_ref()?.replicas);
            status.is_some_and(|status| status.available_replicas == wanted)
        };
        let wait = kube::runtime::wait::await_condition(api, name, available);
        if tokio::time::timeout(Duration::from_secs(600), wait).await.is_err() {
            panic!("{name} in {zone} is not available\n{}", self.describe(zone).await);
        }
    }

    /// Pods with their states and the ends of their logs.
    pub async fn describe(&self, zone: &str) -> String {
        let api: Api<Pod> = Api::all(self.client(zone));
        let mut text = String::new();
        for pod in api.list(&ListParams::default()).await.unwrap() {
            let namespace = pod.namespace().unwrap_or_default();
            let status = pod.status.clone().unwrap_or_default();
            text += &format!("{namespace}/{}: {:?}\n", pod.name_any(), status.phase);
            for condition in status.conditions.iter().flatten().filter(|condition| condition.status != "True") {
                text += &format!("    {}: {:?} {:?}\n", condition.type_, condition.reason, condition.message);
            }
            let statuses = status.init_container_statuses.into_iter().flatten();
            for container in statuses.chain(status.container_statuses.into_iter().flatten()) {
                text += &format!("    {} {:?}\n", container.name, container.state);
                let parameters = LogParams {
                    container: Some(container.name.clone()),
                    tail_lines: Some(10),
                    ..LogParams::default()
                };
                let logs: Api<Pod> = Api::namespaced(self.client(zone), &namespace);
                let log = logs.logs(&pod.name_any(), &parameters).await;
                text += &format!("        {log:?}\n");
            }
        }
        text
    }

    /// A client outside every cluster, through the control plane's ingress.
    pub fn admin(&self) -> Admin {
        let host = self.network.host("outside", "10.200.0.1");
        Admin::connect(&host, "controlplane.example:443", Some(&self.trust)).unwrap()
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}
