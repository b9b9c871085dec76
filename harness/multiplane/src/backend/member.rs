//! An embedded cluster with what stands round an API server: nodes, Services' names, the way in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use embedded_cluster::EmbeddedCluster;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleRef, Subject};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use simnet::tls::{KeyPair, server_config};
use simnet::{Clock, Network};
use virtual_node::{CrashPoints, IngressController, PersistentVolumes, Programs, ServiceProxy};

use super::machines::{Machines, Make};
use super::{BackendError, ClusterSpec, dns_name, names};

/// Port of the API server and of the Ingress controller.
pub(crate) const HTTPS: u16 = 443;
/// Address of a cluster's Ingress controller.
pub(crate) const INGRESS: &str = "172.18.255.1";
/// The machine of a cluster's API server, in its zone.
pub(crate) const API: &str = "api";
/// The version that embedded clusters serve.
pub(crate) const KUBERNETES: &str = "1.36";

/// What may go wrong while a cluster starts; only its text is told.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// How a cluster is to be.
pub(crate) struct Settings<'a> {
    /// The cluster's id, which is its zone, too.
    pub(crate) id: &'a str,
    pub(crate) nodes: usize,
    /// The run's seed; the cluster's own follows from it and the id.
    pub(crate) seed: u64,
    pub(crate) network: &'a Network,
    pub(crate) programs: &'a Programs,
    /// Of the Ingress controller, for [`names::ingress`] and its further names; without one, or without nodes, there is none.
    pub(crate) certificate: Option<&'a KeyPair>,
    /// Authorities that pods trust, PEM.
    pub(crate) trust: &'a str,
    /// Further names of the API server.
    pub(crate) server_names: &'a [String],
    /// Issuer of service accounts' tokens; without one, kubeadm's.
    pub(crate) issuer: Option<&'a str>,
    /// Further names of the Ingress controller.
    pub(crate) ingress_names: &'a [String],
    /// Folders of this computer that volumes may mount, by their path on the nodes.
    pub(crate) host_paths: &'a BTreeMap<String, PathBuf>,
}

/// One embedded cluster. Everything ends with it.
pub(crate) struct Member {
    socket: Option<SocketAddr>,
    machines: Machines,
    clock: Clock,
    _ingress: Option<IngressController>,
    _proxy: ServiceProxy,
    cluster: EmbeddedCluster,
}

impl Member {
    /// Starts a cluster: ready when its API server answers and its nodes are registered.
    pub(crate) async fn start(settings: Settings<'_>) -> Result<Self, Fault> {
        let Settings { id, network, .. } = settings;
        let api_name = names::api(id);
        let seed = seed(settings.seed, id);
        let clock = network.clock().separate();
        let api = network.host(id, API);
        let own_names = [api_name.clone(), "localhost".to_owned()];
        let mut builder = EmbeddedCluster::builder(dns_name(id));
        if let Some(issuer) = settings.issuer {
            builder = builder.issuer(issuer);
        }
        let cluster = builder
            .clock(clock.clone())
            .seed(seed)
            .host(api.clone())
            .server_names(own_names.into_iter().chain(settings.server_names.iter().cloned()).collect())
            .start()
            .await?;
        let listener = api.listen(HTTPS).await?;
        let socket = listener.socket_addr();
        cluster.serve(listener)?;
        for name in settings.server_names.iter().chain([&api_name]) {
            network.name(name, id, API);
        }
        network.domain(&format!("svc.{api_name}"), id, "svc.cluster.local");

        let proxy = ServiceProxy::start(cluster.client_for("system:kube-proxy", &[]), network, id, (API, HTTPS)).await;
        // As the proxy of a real cluster it would run on a node.
        let ingress = match settings.certificate.filter(|_| settings.nodes > 0) {
            Some(certificate) => {
                let tls = server_config(certificate, None, &["h2", "http/1.1"], network.clock())?;
                for name in settings.ingress_names.iter().chain([&names::ingress(id)]) {
                    network.name(name, id, INGRESS);
                }
                Some(IngressController::start(cluster.client(), network, id, INGRESS, &proxy, tls).await?)
            }
            None => None,
        };
        let machines = nodes(&cluster, &settings, &clock, seed).await?;
        Ok(Self {
            socket,
            machines,
            clock,
            _ingress: ingress,
            _proxy: proxy,
            cluster,
        })
    }

    pub(crate) fn cluster(&self) -> &EmbeddedCluster {
        &self.cluster
    }

    pub(crate) fn crash_points(&self) -> &CrashPoints {
        self.machines.crash_points()
    }

    /// The clock of its machines.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn machines(&self) -> &Machines {
        &self.machines
    }

    /// The API server's loopback socket, in a network that has some.
    pub(crate) fn socket(&self) -> Option<SocketAddr> {
        self.socket
    }
}

/// Refuses what embedded clusters do not serve.
pub(crate) fn check(spec: &ClusterSpec) -> Result<(), BackendError> {
    if spec.nodes > usize::from(u8::MAX) {
        return Err(BackendError::Nodes {
            cluster: spec.id.clone(),
            wanted: spec.nodes,
        });
    }
    match &spec.kubernetes {
        Some(wanted) if wanted != KUBERNETES => Err(BackendError::Version {
            cluster: spec.id.clone(),
            wanted: wanted.clone(),
            served: KUBERNETES,
        }),
        _ => Ok(()),
    }
}

/// Nodes act as the kubelets they stand for.
async fn nodes(cluster: &EmbeddedCluster, settings: &Settings<'_>, clock: &Clock, seed: u64) -> Result<Machines, Fault> {
    let bindings: Api<ClusterRoleBinding> = Api::all(cluster.client());
    bindings.create(&PostParams::default(), &kubelets()).await?;
    if settings.nodes > 0 {
        let classes: Api<StorageClass> = Api::all(cluster.client());
        classes.create(&PostParams::default(), &storage()).await?;
    }
    let make = Make {
        zone: settings.id.to_owned(),
        network: settings.network.clone(),
        clock: clock.clone(),
        programs: settings.programs.clone(),
        trust: settings.trust.to_owned(),
        host_paths: settings.host_paths.clone(),
        seed,
    };
    Machines::start(cluster, make, settings.nodes).await
}

/// The default storage class, as kind has it: a volume is made for a claim as soon as a pod uses it, and goes with the claim.
fn storage() -> StorageClass {
    let default = ("storageclass.kubernetes.io/is-default-class".to_owned(), "true".to_owned());
    StorageClass {
        metadata: ObjectMeta {
            name: Some("standard".to_owned()),
            annotations: Some([default].into()),
            ..ObjectMeta::default()
        },
        provisioner: PersistentVolumes::DRIVER.to_owned(),
        reclaim_policy: Some("Delete".to_owned()),
        volume_binding_mode: Some("WaitForFirstConsumer".to_owned()),
        ..StorageClass::default()
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

/// A seed of its own for each cluster of a run.
fn seed(run: u64, cluster: &str) -> u64 {
    // FNV-1a; any stable hash will do.
    cluster.bytes().fold(run ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
