//! Backends: where a scenario's clusters come from.
//!
//! The engine knows two small traits. A [`World`] has names, a network and a clock, and makes [`Cluster`]s; what a world cannot do, it says
//! in its [`Capabilities`] before the run starts.

mod asked;
pub mod binaries;
#[cfg(feature = "docker")]
pub mod container;
mod docker;
mod embedded;
mod embedded_only;
pub mod existing;
pub mod faults;
pub mod gc;
#[cfg(feature = "docker")]
pub mod k3s;
pub mod kind;
pub mod ledger;
mod machines;
pub(crate) mod member;
pub(crate) mod names;
mod nodes;
pub mod outside;
mod pod_identity;
pub mod process;
mod surroundings;

use embedded_cluster::{Disturbance, Disturbed, Disturbing};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use virtual_node::CrashPoints;

use futures::future::BoxFuture;
use kube::Client;
use kube::config::Kubeconfig;
use scenario::Role;
use simnet::{Clock, Host, Network};
use thiserror::Error;

#[cfg(feature = "docker")]
pub use docker::EngineError;
pub use embedded::{Embedded, Time};
pub use faults::Faults;
pub use nodes::{NodeImages, NodesError};

/// The image of the backend `container`, which `make images` builds; `MULTIPLANE_IMAGE` names another.
pub fn node_image() -> String {
    std::env::var("MULTIPLANE_IMAGE").unwrap_or_else(|_| "multiplane:dev".to_owned())
}

/// Whose control plane places executions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placer {
    /// The reference planes of this project.
    #[default]
    Reference,
    /// Flyte's own.
    Upstream,
}

impl Placer {
    /// As verdicts have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Upstream => "upstream",
        }
    }
}

/// What a scenario asks of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSpec {
    /// The cluster's id, as Flyte names it.
    pub id: String,
    /// What the cluster is for.
    pub role: Role,
    /// Number of nodes.
    pub nodes: usize,
    /// Kubernetes version `major.minor`, if it matters.
    pub kubernetes: Option<String>,
    /// Further names of its API server.
    pub api_names: Vec<String>,
    /// Further names of its Ingress controller.
    pub ingress_names: Vec<String>,
    /// Issuer of its service accounts' tokens, where it is its own.
    pub issuer: Option<String>,
}

impl ClusterSpec {
    /// What a scenario asks of the cluster `id`.
    pub fn of(id: &str, cluster: &scenario::Cluster) -> Self {
        let texts = |names: &[yaml::Spanned<String>]| names.iter().map(|name| name.value.clone()).collect();
        Self {
            id: id.to_owned(),
            role: cluster.role,
            nodes: cluster.nodes as usize,
            kubernetes: cluster.kubernetes.as_ref().map(|version| version.value.clone()),
            api_names: texts(&cluster.names.api),
            ingress_names: texts(&cluster.names.ingress),
            issuer: cluster.issuer.as_ref().map(|issuer| issuer.value.clone()),
        }
    }
}

/// How a scenario ended, as far as its world cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It passed.
    Passed,
    /// It did not pass, for whatever reason.
    Failed,
    /// It was stopped before its end.
    Interrupted,
}

/// What became of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// What people should know, such as where logs are.
    pub notes: Vec<String>,
    /// What could not be removed.
    pub left: Vec<String>,
    /// The folder where logs of its clusters were kept, if any were: as they were written, with all that they tell.
    pub logs: Option<PathBuf>,
}

/// What a world can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Name of the backend, for people.
    pub backend: &'static str,
    /// Time runs by itself as soon as nothing is left to do.
    pub virtual_time: bool,
    /// Who places executions.
    pub placed_by: Placer,
}

/// Where an address is used from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vantage {
    /// From the pods of any cluster.
    Pods,
    /// From the machine on which the harness runs.
    Host,
}

/// Why a backend failed.
#[derive(Debug, Error)]
pub enum BackendError {
    /// A cluster did not start.
    #[error("cluster {cluster} did not start: {message}")]
    Start {
        /// The cluster's id.
        cluster: String,
        /// What happened.
        message: String,
    },
    /// The backend does not serve the version asked for.
    #[error("cluster {cluster}: Kubernetes {wanted} is asked for; embedded clusters serve {served}")]
    Version {
        /// The cluster's id.
        cluster: String,
        /// What the scenario asks for.
        wanted: String,
        /// What there is.
        served: &'static str,
    },
    /// The backend does not have so many nodes.
    #[error("cluster {cluster}: {wanted} nodes are asked for; an embedded cluster has at most 255")]
    Nodes {
        /// The cluster's id.
        cluster: String,
        /// What the scenario asks for.
        wanted: usize,
    },
    /// Credentials could not be made.
    #[error("cluster {cluster}: no credentials: {message}")]
    Credentials {
        /// The cluster's id.
        cluster: String,
        /// What happened.
        message: String,
    },
    /// Images could not be brought to a cluster's nodes.
    #[error("cluster {cluster}: images: {message}")]
    Images {
        /// The cluster's id.
        cluster: String,
        /// What happened.
        message: String,
    },
    /// A fault could not be made, or not be mended.
    #[error("cluster {cluster}: cannot {what}: {message}")]
    Fault {
        /// The cluster's id.
        cluster: String,
        /// What was to be done.
        what: &'static str,
        /// What happened.
        message: String,
    },
    /// A fault in a cluster could not be undone.
    #[error("{0}")]
    NotMended(String),
    /// A fault was in force, and nothing came its way.
    #[error("{0}")]
    NeverBit(String),
    /// The world itself could not be set up.
    #[error("the world could not be set up: {0}")]
    World(String),
}

/// A set of clusters that reach each other.
pub trait World: Send + Sync {
    /// What this world can do.
    fn capabilities(&self) -> Capabilities;

    /// The clock that all of its clusters go by.
    fn clock(&self) -> &Clock;

    /// The machine on which the harness stands.
    fn operator(&self) -> Host;

    /// Authorities that the operator and every pod's system trust, PEM.
    fn trust(&self) -> &str;

    /// Whether its clusters have an Ingress controller, so that the admin API is reached as users reach it.
    fn has_ingress(&self) -> bool {
        true
    }

    /// The network on which its clusters reach each other, where it is this process's own: faults are rules of it, and zones are clusters' ids.
    fn links(&self) -> Option<&Network> {
        None
    }

    /// Its AWS account, where it has one.
    fn account(&self) -> Option<&aws::Account> {
        None
    }

    /// Creates a cluster: ready when its API server answers and its nodes are registered.
    ///
    /// # Errors
    /// If it does not start.
    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>>;

    /// Ends the world: what it made outside of this process is removed, unless it is to be kept. Also after a creation that was interrupted.
    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        let _ = end;
        Box::pin(std::future::ready(Ended::default()))
    }
}

/// One cluster. Dropping it does not destroy what runs outside of this process.
pub trait Cluster: Send + Sync {
    /// The cluster's id.
    fn id(&self) -> &str;

    /// A client with cluster-admin rights.
    fn client(&self) -> Client;

    /// The API server's URL.
    fn api(&self, from: Vantage) -> String;

    /// `host:port` of the way in for Ingress traffic, TLS.
    fn ingress(&self, from: Vantage) -> String;

    /// `host:port` of a Service's port.
    fn service(&self, namespace: &str, name: &str, port: u16, from: Vantage) -> String;

    /// Credentials of a cluster admin, for clients on the host.
    ///
    /// # Errors
    /// If they cannot be made.
    fn kubeconfig(&self) -> Result<Kubeconfig, BackendError>;

    /// Whether its nodes run containers of images, which [`Self::provide`] brings.
    fn runs_images(&self) -> bool {
        false
    }

    /// Brings those of these images to the nodes that stand for programs of the reference planes, and tells what it brought. To be called
    /// before pods name them. Nodes that run programs without images need nothing.
    ///
    /// # Errors
    /// If an image cannot be brought.
    fn provide<'a>(&'a self, images: &'a BTreeSet<String>) -> BoxFuture<'a, Result<Vec<String>, BackendError>> {
        let _ = images;
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// The certificate of the authority behind the API server as it started, PEM.
    fn ca(&self) -> &str;

    /// Treats requests to the API server badly, until what is returned is dropped; `None` where the backend cannot.
    fn disturb(&self, which: Disturbed, how: Disturbance) -> Option<Disturbing> {
        let _ = (which, how);
        None
    }

    /// Where kills of programs at a named moment are asked for; `None` where the backend cannot.
    fn crash_points(&self) -> Option<&CrashPoints> {
        None
    }

    /// The authority of its API server's certificate, where that can be changed; `None` where the backend cannot.
    fn authority(&self) -> Option<&dyn RotatableAuthority> {
        None
    }

    /// The clock of its machines, where it can be made wrong; `None` where the backend cannot.
    fn clock(&self) -> Option<&Clock> {
        None
    }

    /// Its nodes, where they can be lost one by one; `None` where the backend cannot.
    fn machines(&self) -> Option<&dyn LosableNodes> {
        None
    }

    /// Faults of the cluster's machine; `None` where the backend has no such thing.
    fn faults(&self) -> Option<&dyn Faults> {
        None
    }
}

/// The authority of an API server's certificate, which can be changed.
pub trait RotatableAuthority: Send + Sync {
    /// Its certificate as it is now, PEM.
    fn pem(&self) -> String;

    /// Puts a new one in its place.
    ///
    /// # Errors
    /// If no certificate can be made.
    fn rotate(&self) -> Result<(), String>;

    /// Puts the first one back.
    ///
    /// # Errors
    /// If no certificate can be made.
    fn restore(&self) -> Result<(), String>;
}

/// Nodes that can be lost one by one.
pub trait LosableNodes: Send + Sync {
    /// Ends a node at once, with all that runs on it, as a machine ends that loses power. False if it does not run.
    fn lose(&self, name: &str) -> bool;

    /// Starts it again.
    fn boot<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), String>>;
}

/// A cluster's id where only DNS names are allowed: `dataplane_1` becomes `dataplane-1`.
pub fn dns_name(id: &str) -> String {
    id.replace('_', "-").to_ascii_lowercase()
}
