//! One embedded cluster as a machine of its own: what a container of the `container` backend runs.
//!
//! Inside, pods reach each other in memory. Outside, the API server, the Ingress controller, the Services and the node ports are real
//! sockets, and pods reach other clusters' machines by their DNS names.

mod files;
pub(crate) mod links;
mod peers;
pub(crate) mod tunnel;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use flyte::stores::Stores;
use simnet::tls::{Authority, KeyPair};
use simnet::{Clock, Network};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use virtual_node::NodePorts;

use crate::backend::member::{self, API, Fault, HTTPS, INGRESS, Member};
use crate::backend::names;
use crate::forward::Forward;
use crate::programs;
use files::{read, write_private};
use peers::Peers;
use tunnel::Tunnel;

/// Ports of a cluster's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The API server's.
    pub api: u16,
    /// The Ingress controller's, TLS.
    pub ingress: u16,
    /// Where CONNECT requests lead to Services; the same on every machine of a world.
    pub services: u16,
}

impl Default for Ports {
    /// What containers use.
    fn default() -> Self {
        Self {
            api: 6443,
            ingress: HTTPS,
            services: 6444,
        }
    }
}

/// Files with what a world's clusters have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The Ingress controller's certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Authorities that pods trust, PEM.
    pub trust: PathBuf,
}

/// Where the reference planes' durable state is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    /// With the process.
    #[default]
    Memory,
    /// Objects in a folder, databases with the process.
    Objects(PathBuf),
    /// All in a folder.
    Folder(PathBuf),
}

/// How the cluster is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The cluster's id.
    pub id: String,
    /// Number of nodes.
    pub nodes: usize,
    /// Seed of all randomness.
    pub seed: u64,
    /// Address that all ports listen on.
    pub listen: IpAddr,
    /// The ports.
    pub ports: Ports,
    /// Further names and addresses that the API server's certificate is for.
    pub server_names: Vec<String>,
    /// What the world's clusters have in common; without it the Ingress controller has an authority of its own.
    pub identity: Option<Identity>,
    /// Whether the cluster has an Ingress controller.
    pub ingress: bool,
    /// Where durable state is kept.
    pub state: Kept,
    /// Folders of this computer that volumes of kind `hostPath` may mount, by their path on the cluster's nodes.
    pub host_paths: BTreeMap<String, PathBuf>,
    /// A folder with a file for each further machine: its name, and its address in it. The resolver is asked for other names.
    pub machines: Option<PathBuf>,
    /// Where the admin's kubeconfig is written.
    pub kubeconfig: Option<PathBuf>,
    /// The API server's URL in that kubeconfig, if not the one for other clusters' pods.
    pub server: Option<String>,
    /// A file that is written last, and taken away first.
    pub ready: Option<PathBuf>,
}

/// Why a cluster's machine could not be held up.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The cluster did not start.
    #[error("cluster {0} did not start: {1}")]
    Start(String, Fault),
    /// A port cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// A file cannot be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// A file cannot be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, std::io::Error),
}

/// Runs the cluster until `stop`. `ready` is called once all ports answer, with the admin's kubeconfig.
///
/// # Errors
/// If the cluster does not start, a port is taken, or a file cannot be read or written.
pub async fn serve(settings: &Settings, stop: &CancellationToken, ready: impl FnOnce(&str)) -> Result<(), NodeError> {
    if let Some(file) = &settings.ready {
        files::remove(file)?;
    }
    let started = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(()),
        started = Machine::start(settings) => started?,
    };
    if let Some(file) = &settings.kubeconfig {
        write_private(file, &started.kubeconfig)?;
    }
    if let Some(file) = &settings.ready {
        write_private(file, "")?;
    }
    ready(&started.kubeconfig);
    stop.cancelled().await;
    if let Some(file) = &settings.ready {
        files::remove(file)?;
    }
    Ok(())
}

/// The running cluster with its sockets.
struct Machine {
    kubeconfig: String,
    _ingress: Option<Forward>,
    _services: Tunnel,
    _node_ports: NodePorts,
    _links: AbortOnDropHandle<()>,
    _member: Member,
}

impl Machine {
    async fn start(settings: &Settings) -> Result<Self, NodeError> {
        let id = settings.id.as_str();
        let ports = settings.ports;
        let failed = |error: Fault| NodeError::Start(id.to_owned(), error);
        let clock = Clock::real();
        let peers = Peers {
            services_port: ports.services,
            machines: settings.machines.clone(),
        };
        let network = Network::gateway(clock.clone(), Arc::new(peers));
        let stores = match &settings.state {
            Kept::Memory => Stores::new(),
            Kept::Objects(folder) => Stores::in_folder(folder),
            Kept::Folder(folder) => Stores::durable(folder),
        };
        let programs = programs::over(stores);
        let (certificate, trust) = identity(settings, &clock)?;
        let member = Member::start(member::Settings {
            id,
            nodes: settings.nodes,
            seed: settings.seed,
            network: &network,
            programs: &programs,
            certificate: settings.ingress.then_some(&certificate),
            trust: &trust,
            server_names: &settings.server_names,
            ingress_names: &[],
            issuer: None,
            host_paths: &settings.host_paths,
        });
        let member = member.await.map_err(failed)?;
        let at = |port| SocketAddr::new(settings.listen, port);
        let taken = |port| move |error| NodeError::Listen(at(port), error);

        let api = network.host(id, API);
        let listener = api.publish(ports.api, at(ports.api)).await.map_err(taken(ports.api))?;
        member.cluster().serve(listener).map_err(|error| failed(error.into()))?;
        let ingress = match settings.ingress {
            true => {
                let way_in = Forward::start(at(ports.ingress), api.clone(), format!("{INGRESS}:{HTTPS}")).await;
                Some(way_in.map_err(taken(ports.ingress))?)
            }
            false => None,
        };
        let services = Tunnel::start(at(ports.services), api.clone()).await;
        let services = services.map_err(taken(ports.services))?;
        let node_ports = NodePorts::start(member.cluster().client_for("system:kube-proxy", &[]), api, settings.listen);

        let own = || format!("https://{}:{}", names::api(id), ports.api);
        let server = settings.server.clone().unwrap_or_else(own);
        let kubeconfig = member.cluster().kubeconfig(&server).map_err(|error| failed(error.into()))?;
        let kubeconfig = yaml::emit::to_string(&kubeconfig).map_err(|error| failed(error.to_string().into()))?;
        let links = links::follow(member.cluster().client(), network.rules().clone(), id.to_owned());
        Ok(Self {
            kubeconfig,
            _ingress: ingress,
            _services: services,
            _node_ports: node_ports,
            _links: AbortOnDropHandle::new(tokio::spawn(links)),
            _member: member,
        })
    }
}

/// The Ingress controller's certificate, and what pods trust.
fn identity(settings: &Settings, clock: &Clock) -> Result<(KeyPair, String), NodeError> {
    if let Some(identity) = &settings.identity {
        let pair = KeyPair {
            cert_pem: read(&identity.certificate)?,
            key_pem: read(&identity.key)?,
        };
        return Ok((pair, read(&identity.trust)?));
    }
    let failed = |error: simnet::tls::TlsError| NodeError::Start(settings.id.clone(), error.into());
    let authority = Authority::new("multiplane", clock).map_err(failed)?;
    let own = [names::ingress(&settings.id), "localhost".to_owned()];
    let names: Vec<&String> = own.iter().chain(&settings.server_names).collect();
    let pair = authority.issue_server(&names).map_err(failed)?;
    Ok((pair, authority.pem().to_owned()))
}
