//! An embedded cluster with one virtual node, in virtual time.

use std::fmt::Debug;
use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use futures::StreamExt;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod, ServiceAccount};
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::{Value, json};
use simnet::http::{Access, AccessService};
use simnet::{Clock, Network};
use virtual_node::{Programs, ServiceProxy, VirtualNode};

pub(crate) const ZONE: &str = "z";
const NAMESPACE: &str = "default";

/// A cluster with a node.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) network: Network,
    cluster: EmbeddedCluster,
    pub(crate) node: VirtualNode,
    pub(crate) services: ServiceProxy,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn start(programs: Programs) -> Self {
        let clock = Clock::simulated();
        let network = Network::simulated(clock.clone());
        let host = network.host(ZONE, "172.18.255.2");
        let cluster = EmbeddedCluster::builder("c")
            .clock(clock.clone())
            .seed(1)
            .host(host.clone())
            .start()
            .await
            .unwrap();
        cluster.serve(host.listen(6443).await.unwrap()).unwrap();
        let client = cluster.client();
        let services = ServiceProxy::start(client.clone(), &network, ZONE, (host.address(), 6443)).await;
        let node = VirtualNode::builder(client.clone())
            .network(network.clone(), ZONE)
            .programs(programs)
            .clock(clock.clone())
            .seed(2)
            .start()
            .await
            .unwrap();
        Self {
            clock,
            network,
            cluster,
            node,
            services,
            client,
        }
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    /// An administrator's client over the network, as those outside of this process have it.
    pub(crate) async fn outside(&self) -> Client {
        let binding = json!({"metadata": {"name": "outside"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "namespace": NAMESPACE, "name": "default"}]});
        let binding: ClusterRoleBinding = serde_json::from_value(binding).unwrap();
        Api::all(self.client.clone())
            .create(&PostParams::default(), &binding)
            .await
            .unwrap();
        let accounts: Api<ServiceAccount> = self.api();
        let request = serde_json::from_value(json!({"spec": {"audiences": []}})).unwrap();
        let request = accounts.create_token_request("default", &PostParams::default(), &request).await;
        let access = Access {
            server: "https://kubernetes.default.svc.cluster.local".to_owned(),
            ca_pem: self.cluster.ca_pem(),
            token: request.unwrap().status.unwrap().token,
            client: None,
        };
        let host = self.network.host(ZONE, "10.244.250.1");
        Client::new(AccessService::new(&host, &access).unwrap(), NAMESPACE)
    }

    pub(crate) async fn create<K>(&self, object: Value) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + serde::Serialize + serde::de::DeserializeOwned,
    {
        let object: K = serde_json::from_value(object).unwrap();
        self.api().create(&PostParams::default(), &object).await.unwrap()
    }

    /// Waits, by a watch, until an object of this name meets `condition`; within two hours of virtual time.
    pub(crate) async fn until<K>(&self, name: &str, condition: impl Fn(&K) -> bool) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + serde::de::DeserializeOwned + Send + 'static,
    {
        let api: Api<K> = self.api();
        let wait = async {
            loop {
                let list = api
                    .list(&ListParams::default().fields(&format!("metadata.name={name}")))
                    .await
                    .unwrap();
                if let Some(found) = list.items.iter().find(|object| condition(object)) {
                    return found.clone();
                }
                let version = list.metadata.resource_version.clone().unwrap();
                let params = WatchParams::default().fields(&format!("metadata.name={name}")).timeout(200);
                let mut events = std::pin::pin!(api.watch(&params, &version).await.unwrap());
                while let Some(event) = events.next().await {
                    if let Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) = event
                        && condition(&object)
                    {
                        return object;
                    }
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(7200), wait).await {
            Ok(object) => object,
            Err(_) => panic!("{name}: {:#?}", api.get(name).await),
        }
    }

    pub(crate) async fn until_gone(&self, name: &str) {
        let api: Api<Pod> = self.api();
        for _ in 0..3600 {
            if api.get_opt(name).await.unwrap().is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{name} is still there: {:#?}", api.get(name).await);
    }

    pub(crate) async fn ready(&self, name: &str) -> Pod {
        self.until(name, |pod: &Pod| condition(pod, "Ready") == "True").await
    }

    /// The events about an object: reason, message, count.
    pub(crate) async fn events(&self, name: &str) -> Vec<(String, String, i32)> {
        let events: Api<Event> = self.api();
        let mut list = events.list(&ListParams::default()).await.unwrap().items;
        list.retain(|event| event.involved_object.name.as_deref() == Some(name));
        list.sort_by_key(|event| (event.first_timestamp.clone().map(|time| time.0), event.name_any()));
        let parts = |event: Event| {
            (
                event.reason.unwrap_or_default(),
                event.message.unwrap_or_default(),
                event.count.unwrap_or(0),
            )
        };
        list.into_iter().map(parts).collect()
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.clock.elapsed().as_secs()
    }
}

pub(crate) fn condition(pod: &Pod, kind: &str) -> String {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions
        .filter(|condition| condition.type_ == kind)
        .map(|condition| condition.status.clone())
        .collect()
}

pub(crate) fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

pub(crate) fn container(pod: &Pod, name: &str) -> ContainerStatus {
    let status = pod.status.clone().unwrap_or_default();
    let all = status
        .init_container_statuses
        .into_iter()
        .flatten()
        .chain(status.container_statuses.into_iter().flatten());
    all.into_iter().find(|status| status.name == name).unwrap_or_default()
}

pub(crate) fn waiting(pod: &Pod, name: &str) -> Option<String> {
    container(pod, name).state?.waiting?.reason
}
