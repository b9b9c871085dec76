//! The Node object.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    DaemonEndpoint, Node, NodeAddress, NodeCondition, NodeDaemonEndpoints, NodeSpec, NodeStatus, NodeSystemInfo,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;

use crate::Error;

/// The Kubernetes version whose kubelet a virtual node behaves like.
const KUBELET_VERSION: &str = "v1.36.2";

/// What a node says of itself.
pub(crate) struct Registration {
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) address: String,
    pub(crate) pod_cidr: String,
    pub(crate) port: u16,
    pub(crate) capacity: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
    /// 32 hex digits that tell this node from others.
    pub(crate) machine_id: String,
}

impl Registration {
    /// Creates the Node, or takes over one of this name, and publishes its status.
    pub(crate) async fn register(&self, client: &Client, now: Timestamp) -> Result<Node, Error> {
        let nodes: Api<Node> = Api::all(client.clone());
        let node = match nodes.create(&PostParams::default(), &self.node()).await {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                let patch = json!({"metadata": {"labels": self.all_labels()}});
                nodes.patch(&self.name, &PatchParams::default(), &Patch::Strategic(patch)).await
            }
            result => result,
        }
        .map_err(Error::api("register node"))?;
        self.publish(client, now, now).await.map_err(Error::api("publish node status"))?;
        Ok(node)
    }

    /// Publishes the node's status.
    pub(crate) async fn publish(&self, client: &Client, since: Timestamp, now: Timestamp) -> kube::Result<()> {
        let nodes: Api<Node> = Api::all(client.clone());
        let patch = json!({"status": self.status(since, now)});
        nodes
            .patch_status(&self.name, &PatchParams::default(), &Patch::Strategic(patch))
            .await?;
        Ok(())
    }

    fn node(&self) -> Node {
        Node {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                labels: Some(self.all_labels()),
                annotations: Some(BTreeMap::from([(
                    "volumes.kubernetes.io/controller-managed-attach-detach".to_owned(),
                    "true".to_owned(),
                )])),
                ..ObjectMeta::default()
            },
            spec: Some(NodeSpec {
                pod_cidr: Some(self.pod_cidr.clone()),
                pod_cidrs: Some(vec![self.pod_cidr.clone()]),
                provider_id: Some(format!("virtual://{}/{}", self.zone, self.name)),
                ..NodeSpec::default()
            }),
            ..Node::default()
        }
    }

    fn all_labels(&self) -> BTreeMap<String, String> {
        let own = [
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", &self.name),
            ("kubernetes.io/os", "linux"),
        ];
        let mut labels: BTreeMap<_, _> = own.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        labels.extend(self.labels.clone());
        labels
    }

    fn status(&self, since: Timestamp, now: Timestamp) -> NodeStatus {
        let resources: BTreeMap<_, _> = self
            .capacity
            .iter()
            .map(|(name, amount)| (name.clone(), Quantity(amount.clone())))
            .collect();
        let condition = |type_: &str, status: &str, reason: &str, message: &str| NodeCondition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            last_heartbeat_time: Some(Time(now)),
            last_transition_time: Some(Time(since)),
        };
        let address = |type_: &str, address: &str| NodeAddress {
            type_: type_.to_owned(),
            address: address.to_owned(),
        };
        NodeStatus {
            capacity: Some(resources.clone()),
            allocatable: Some(resources),
            addresses: Some(vec![address("InternalIP", &self.address), address("Hostname", &self.name)]),
            conditions: Some(vec![
                condition(
                    "MemoryPressure",
                    "False",
                    "KubeletHasSufficientMemory",
                    "kubelet has sufficient memory available",
                ),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition(
                    "PIDPressure",
                    "False",
                    "KubeletHasSufficientPID",
                    "kubelet has sufficient PID available",
                ),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ]),
            daemon_endpoints: Some(NodeDaemonEndpoints {
                kubelet_endpoint: Some(DaemonEndpoint { port: self.port.into() }),
            }),
            node_info: Some(NodeSystemInfo {
                architecture: "amd64".to_owned(),
                boot_id: self.machine_id.clone(),
                container_runtime_version: concat!("virtual-node://", env!("CARGO_PKG_VERSION")).to_owned(),
                kernel_version: "none".to_owned(),
                kubelet_version: KUBELET_VERSION.to_owned(),
                machine_id: self.machine_id.clone(),
                operating_system: "linux".to_owned(),
                os_image: "virtual-node".to_owned(),
                system_uuid: self.machine_id.clone(),
                ..NodeSystemInfo::default()
            }),
            ..NodeStatus::default()
        }
    }
}
