//! The section `clusters` of flyteadmin's configuration, as the process sees it after loading.

use std::collections::BTreeMap;

use serde::Serialize;

use super::GoDuration;

/// The section `clusters`. Anything in `clusters` means multi-cluster mode.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClusterConfig {
    /// `clusterConfigs`, in file order.
    pub clusters: Vec<Cluster>,
    /// `labelClusterMap`: label to its weighted clusters, in file order.
    pub label_cluster_map: BTreeMap<String, Vec<WeightedCluster>>,
    /// `defaultExecutionLabel`; empty means none.
    pub default_execution_label: String,
}

/// One entry of `clusterConfigs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cluster {
    /// The cluster's id everywhere: map entries, database, API, propeller's `cluster-id`.
    pub name: String,
    /// API server; without a scheme https is assumed.
    pub endpoint: String,
    /// May be drawn. Left out means `false`.
    pub enabled: bool,
    /// Use the pod's own service account; endpoint, credentials and client limits are then ignored.
    pub in_cluster: bool,
    /// Where the credentials are.
    pub auth: Auth,
    /// `kubeClientConfig`: replaces the server-wide limits as a whole.
    pub kube_client: Option<KubeClientConfig>,
}

/// `auth` of a cluster. There is no `type`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Auth {
    /// File with the bearer token.
    pub token_path: String,
    /// File with the CA bundle, PEM.
    pub cert_path: String,
}

/// One entry of a label's list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WeightedCluster {
    /// Name of a cluster.
    pub id: String,
    /// 0 to 1; a weight left out is 0.
    pub weight: f32,
}

/// `kubeClientConfig` as written; a field left out is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KubeClientConfig {
    /// Requests per second.
    pub qps: i32,
    /// Burst of requests.
    pub burst: i32,
    /// Timeout of one request.
    pub timeout: GoDuration,
}

/// The limits that a Kubernetes client ends up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KubeClientLimits {
    /// Requests per second.
    pub qps: i32,
    /// Burst of requests.
    pub burst: i32,
    /// Timeout of one request; `None`: the client never gives up.
    pub timeout: Option<GoDuration>,
}

impl KubeClientConfig {
    /// flyteadmin's server-wide default (`server.kubeClientConfig`).
    pub const SERVER_DEFAULT: Self = Self {
        qps: 100,
        burst: 25,
        timeout: GoDuration::from_secs(30),
    };

    /// What client-go makes of it: zero means its own 5 requests per second and burst 10, and no timeout.
    #[must_use]
    pub fn limits(&self) -> KubeClientLimits {
        let or_default = |value, default| if value == 0 { default } else { value };
        KubeClientLimits {
            qps: or_default(self.qps, 5),
            burst: or_default(self.burst, 10),
            timeout: (self.timeout > GoDuration::default()).then_some(self.timeout),
        }
    }
}

impl Cluster {
    /// The client limits for this cluster. `inCluster` entries use the server-wide ones.
    #[must_use]
    pub fn kube_client_limits(&self) -> KubeClientLimits {
        self.own_kube_client().unwrap_or(KubeClientConfig::SERVER_DEFAULT).limits()
    }

    /// The cluster's own `kubeClientConfig`, where it is used at all.
    pub(super) fn own_kube_client(&self) -> Option<KubeClientConfig> {
        self.kube_client.filter(|_| !self.in_cluster)
    }
}

impl ClusterConfig {
    /// The cluster called `name`, disabled ones included.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }
}
