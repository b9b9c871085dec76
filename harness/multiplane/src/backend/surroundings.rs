//! What stands round an API server, wherever that is: nodes, Services' names, the way in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use embedded_cluster::EmbeddedCluster;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleRef, Subject};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use simnet::tls::{KeyPair, server_config};
use simnet::{Clock, Network};
use virtual_node::{CrashPoints, IngressController, PersistentVolumes, Programs, ServiceProxy};

use super::machines::{Machines, Make};
use super::names;

/// Port of the API server and of the Ingress controller.
pub(crate) const HTTPS: u16 = 443;
/// Address of a cluster's Ingress controller.
pub(crate) const INGRESS: &str = "172.18.255.1";
/// The machine of a cluster's API server, in its zone.
pub(crate) const API: &str = "api";

/// What may go wrong while a cluster starts; only its text is told.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Clients of a cluster, by who they are.
pub(crate) trait Clients: Send + Sync {
    /// The administrator's.
    fn admin(&self) -> Result<Client, Fault>;

    /// A user's, with the group that its certificate names.
    fn user(&self, name: &str, group: Option<&str>) -> Result<Client, Fault>;
}

impl Clients for EmbeddedCluster {
    fn admin(&self) -> Result<Client, Fault> {
        Ok(self.client())
    }

    fn user(&self, name: &str, group: Option<&str>) -> Result<Client, Fault> {
        let groups: Vec<&str> = group.into_iter().collect();
        Ok(self.client_for(name, &groups))
    }
}

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

/// What stands round an API server. Everything ends with it.
pub(crate) struct Surroundings {
    machines: Machines,
    _ingress: Option<IngressController>,
    _proxy: ServiceProxy,
}

impl Surroundings {
    /// Starts it round the API server at port [`HTTPS`] of the machine [`API`]: ready when its nodes are registered.
    pub(crate) async fn start(clients: &dyn Clients, settings: &Settings<'_>, clock: &Clock) -> Result<Self, Fault> {
        let Settings { id, network, .. } = *settings;
        let api_name = names::api(id);
        for name in settings.server_names.iter().chain([&api_name]) {
            network.name(name, id, API);
        }
        network.domain(&format!("svc.{api_name}"), id, "svc.cluster.local");

        let proxy = ServiceProxy::start(clients.user("system:kube-proxy", None)?, network, id, (API, HTTPS)).await;
        // As the proxy of a real cluster it would run on a node.
        let ingress = match settings.certificate.filter(|_| settings.nodes > 0) {
            Some(certificate) => {
                let tls = server_config(certificate, None, &["h2", "http/1.1"], network.clock())?;
                for name in settings.ingress_names.iter().chain([&names::ingress(id)]) {
                    network.name(name, id, INGRESS);
                }
                Some(IngressController::start(clients.admin()?, network, id, INGRESS, &proxy, tls).await?)
            }
            None => None,
        };
        Ok(Self {
            machines: nodes(clients, settings, clock).await?,
            _ingress: ingress,
            _proxy: proxy,
        })
    }

    pub(crate) fn crash_points(&self) -> &CrashPoints {
        self.machines.crash_points()
    }

    pub(crate) fn machines(&self) -> &Machines {
        &self.machines
    }
}

/// Nodes act as the kubelets they stand for.
async fn nodes(clients: &dyn Clients, settings: &Settings<'_>, clock: &Clock) -> Result<Machines, Fault> {
    let bindings: Api<ClusterRoleBinding> = Api::all(clients.admin()?);
    bindings.create(&PostParams::default(), &kubelets()).await?;
    if settings.nodes > 0 {
        let classes: Api<StorageClass> = Api::all(clients.admin()?);
        classes.create(&PostParams::default(), &storage()).await?;
    }
    let make = Make {
        zone: settings.id.to_owned(),
        network: settings.network.clone(),
        clock: clock.clone(),
        programs: settings.programs.clone(),
        trust: settings.trust.to_owned(),
        host_paths: settings.host_paths.clone(),
        seed: seed(settings.seed, settings.id),
    };
    Machines::start(clients, make, settings.nodes).await
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
pub(crate) fn seed(run: u64, cluster: &str) -> u64 {
    // FNV-1a; any stable hash will do.
    cluster.bytes().fold(run ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
