//! The default: Kubernetes in this process.

use std::sync::Arc;

use embedded_cluster::{ClusterError, EmbeddedCluster};
use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleRef, Subject};
use kube::api::{ObjectMeta, PostParams};
use kube::config::Kubeconfig;
use kube::{Api, Client};
use simnet::tls::{Authority, server_config};
use simnet::{Clock, Host, Network};
use virtual_node::{IngressController, Programs, ServiceProxy, VirtualNode};

use super::{BackendError, Capabilities, Cluster, ClusterSpec, Vantage, World, dns_name};

const DOMAIN: &str = "multiplane.test";
const HTTPS: u16 = 443;
/// Address of a cluster's Ingress controller.
const INGRESS: &str = "172.18.255.1";
/// The version that embedded clusters serve.
const KUBERNETES: &str = "1.36";

/// What may go wrong while a cluster starts; only its text is told.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Which time a world runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Time runs by itself; no sockets, nothing outside takes part.
    Virtual,
    /// The machine's time; every listener is a loopback socket that programs outside can use.
    Real,
}

/// A world of embedded clusters on one network.
pub struct Embedded {
    clock: Clock,
    network: Network,
    authority: Arc<Authority>,
    programs: Programs,
    seed: u64,
    time: Time,
}

impl Embedded {
    /// The Kubernetes version that embedded clusters serve.
    pub const KUBERNETES: &str = KUBERNETES;

    /// A world whose pods run these programs. With [`Time::Virtual`] the runtime's clock must be paused.
    ///
    /// # Errors
    /// If no certificate authority can be made.
    pub fn new(time: Time, seed: u64, programs: Programs) -> Result<Self, BackendError> {
        let clock = match time {
            Time::Virtual => Clock::simulated(),
            Time::Real => Clock::real(),
        };
        let network = match time {
            Time::Virtual => Network::simulated(clock.clone()),
            Time::Real => Network::loopback(clock.clone()),
        };
        let authority = Authority::new("multiplane", &clock).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Self {
            clock,
            network,
            authority: Arc::new(authority),
            programs,
            seed,
            time,
        })
    }

    async fn start(&self, spec: &ClusterSpec) -> Result<EmbeddedMember, Fault> {
        let zone = spec.id.as_str();
        let dns = dns_name(zone);
        let api_name = format!("{dns}.{DOMAIN}");
        let seed = seed(self.seed, zone);
        let api = self.network.host(zone, "api");
        let cluster = EmbeddedCluster::builder(dns.as_str())
            .clock(self.clock.clone())
            .seed(seed)
            .host(api.clone())
            .server_names(vec![api_name.clone(), "localhost".to_owned()])
            .start()
            .await?;
        let listener = api.listen(HTTPS).await?;
        let socket = listener.socket_addr();
        cluster.serve(listener)?;
        self.network.name(&api_name, zone, "api");
        self.network.domain(&format!("svc.{api_name}"), zone, "svc.cluster.local");

        let proxy = ServiceProxy::start(cluster.client_for("system:kube-proxy", &[]), &self.network, zone, ("api", HTTPS)).await;
        let ingress_name = format!("flyte.{api_name}");
        let certificate = self.authority.issue_server(&[&ingress_name])?;
        let tls = server_config(&certificate, None, &["h2", "http/1.1"], &self.clock)?;
        let ingress = IngressController::start(cluster.client(), &self.network, zone, INGRESS, &proxy, tls).await?;
        self.network.name(&ingress_name, zone, INGRESS);
        let nodes = self.nodes(&cluster, spec, &dns, seed).await?;
        let api_url = format!("https://{api_name}:{HTTPS}");
        let host_url = socket.map_or_else(|| api_url.clone(), |socket| format!("https://{socket}"));
        let ingress_at = format!("{ingress_name}:{HTTPS}");
        let ca = cluster.ca_pem().to_owned();
        Ok(EmbeddedMember {
            id: spec.id.clone(),
            api_name,
            api_url,
            host_url,
            ingress_at,
            ca,
            cluster,
            _nodes: nodes,
            _proxy: proxy,
            _ingress: ingress,
        })
    }
}

impl Embedded {
    /// Nodes act as the kubelets they stand for.
    async fn nodes(&self, cluster: &EmbeddedCluster, spec: &ClusterSpec, dns: &str, seed: u64) -> Result<Vec<VirtualNode>, Fault> {
        let bindings: Api<ClusterRoleBinding> = Api::all(cluster.client());
        bindings.create(&PostParams::default(), &kubelets()).await?;
        let mut nodes = Vec::new();
        for number in 1..=spec.nodes {
            let name = format!("{dns}-node-{number}");
            let client = cluster.client_for(&format!("system:node:{name}"), &["system:nodes"]);
            let index = u8::try_from(number).map_err(|_| "an embedded cluster has at most 255 nodes")?;
            let node = VirtualNode::builder(client)
                .name(name)
                .index(index)
                .network(self.network.clone(), &spec.id)
                .programs(self.programs.clone())
                .clock(self.clock.clone())
                .trust(self.authority.pem())
                .seed(seed.wrapping_add(u64::from(index)));
            nodes.push(node.start().await?);
        }
        Ok(nodes)
    }
}

/// What kubelets may do. Real clusters have a node authorizer for it, which limits each kubelet to its own pods.
fn kubelets() -> ClusterRoleBinding {
    ClusterRoleBinding {
        metadata: ObjectMeta {
            name: Some("multiplane:kubelets".to_owned()),
            ..ObjectMeta::default()
        },
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "ClusterRole".to_owned(),
            name: "system:node".to_owned(),
        },
        subjects: Some(vec![Subject {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "Group".to_owned(),
            name: "system:nodes".to_owned(),
            namespace: None,
        }]),
    }
}

impl World for Embedded {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "embedded",
            virtual_time: self.time == Time::Virtual,
            placed_by: "reference",
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn operator(&self) -> Host {
        self.network.host("operator", "operator")
    }

    fn trust(&self) -> &str {
        self.authority.pem()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            if let Some(wanted) = spec.kubernetes.clone().filter(|wanted| wanted != KUBERNETES) {
                return Err(BackendError::Version {
                    cluster: spec.id.clone(),
                    wanted,
                    served: KUBERNETES,
                });
            }
            let started = self.start(spec).await;
            let failed = |error: Fault| BackendError::Start {
                cluster: spec.id.clone(),
                message: error.to_string(),
            };
            Ok(Arc::new(started.map_err(failed)?) as Arc<dyn Cluster>)
        }
        .boxed()
    }
}

/// One embedded cluster with what stands round an API server. Everything ends with it.
struct EmbeddedMember {
    id: String,
    api_name: String,
    api_url: String,
    host_url: String,
    ingress_at: String,
    ca: String,
    _nodes: Vec<VirtualNode>,
    _ingress: IngressController,
    _proxy: ServiceProxy,
    cluster: EmbeddedCluster,
}

impl Cluster for EmbeddedMember {
    fn id(&self) -> &str {
        &self.id
    }

    fn client(&self) -> Client {
        self.cluster.client()
    }

    fn api(&self, from: Vantage) -> String {
        match from {
            Vantage::Pods => self.api_url.clone(),
            Vantage::Host => self.host_url.clone(),
        }
    }

    fn ingress(&self, _from: Vantage) -> String {
        self.ingress_at.clone()
    }

    fn service(&self, namespace: &str, name: &str, port: u16, _from: Vantage) -> String {
        format!("{name}.{namespace}.svc.{}:{port}", self.api_name)
    }

    fn kubeconfig(&self) -> Result<Kubeconfig, BackendError> {
        let failed = |error: ClusterError| BackendError::Credentials {
            cluster: self.id.clone(),
            message: error.to_string(),
        };
        self.cluster.kubeconfig(&self.host_url).map_err(failed)
    }

    fn ca(&self) -> &str {
        &self.ca
    }
}

/// A seed of its own for each cluster of a run.
fn seed(run: u64, cluster: &str) -> u64 {
    // FNV-1a; any stable hash will do.
    cluster.bytes().fold(run ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
