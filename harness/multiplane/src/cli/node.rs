//! `multiplane node`: what a container of the `container` backend runs.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use multiplane::exit::Exit;
use multiplane::node::{Identity, Kept, Ports, Settings, serve};

use super::exit::Failure;
use super::output::{Output, complain};
use super::signals::Signals;

/// Runs one embedded cluster in real time, as a machine of its own, until Ctrl-C or SIGTERM.
///
/// Its pods reach other clusters' machines by their DNS names, which are those of their containers. The control plane's database is in
/// memory: it is lost with the process. Object stores are files below --objects, if that is given, and are kept.
#[derive(Args)]
pub(crate) struct Node {
    /// The cluster's id.
    #[arg(long, value_name = "ID")]
    name: String,
    /// Number of nodes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    nodes: usize,
    /// Seed of all randomness.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Address that all ports listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// The API server's port.
    #[arg(long, value_name = "PORT", default_value_t = Ports::default().api)]
    api_port: u16,
    /// The Ingress controller's port, TLS.
    #[arg(long, value_name = "PORT", default_value_t = Ports::default().ingress)]
    ingress_port: u16,
    /// Where CONNECT requests lead to Services; the same on all machines of a world.
    #[arg(long, value_name = "PORT", default_value_t = Ports::default().services)]
    services_port: u16,
    /// A further DNS name or address of the API server's certificate; may be repeated.
    #[arg(long = "san", value_name = "NAME")]
    sans: Vec<String>,
    /// The Ingress controller's certificate, PEM.
    #[arg(long, value_name = "FILE", requires_all = ["ingress_key", "trust"])]
    ingress_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long, value_name = "FILE", requires = "ingress_cert")]
    ingress_key: Option<PathBuf>,
    /// Authorities that pods trust, PEM.
    #[arg(long, value_name = "FILE", requires = "ingress_cert")]
    trust: Option<PathBuf>,
    /// Folder of the object stores, shared by all clusters of a world; in memory without.
    #[arg(long, value_name = "DIR")]
    objects: Option<PathBuf>,
    /// Writes the admin's kubeconfig.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Prints the admin's kubeconfig.
    #[arg(long)]
    print_kubeconfig: bool,
    /// The API server's URL in the kubeconfig [default: by the cluster's DNS name].
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A file that is there while the cluster is ready.
    #[arg(long, value_name = "FILE")]
    ready: Option<PathBuf>,
}

impl Node {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let signals = Signals::watch(Duration::MAX)?;
        let stop = signals.stop();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let mut printed = Ok(());
        let ready = |kubeconfig: &str| {
            if self.print_kubeconfig {
                printed = output.line(kubeconfig.trim_end());
            }
            complain(&format!("cluster {} is ready", self.name));
        };
        let served = runtime.block_on(serve(&self.settings(), &stop, ready));
        served.map_err(|error| Failure::environment(format!("error: {error}")))?;
        printed?;
        // A cluster that is told to end has done its work.
        Ok(Exit::Passed)
    }

    fn settings(&self) -> Settings {
        let parts = (self.ingress_cert.clone(), self.ingress_key.clone(), self.trust.clone());
        let identity = match parts {
            (Some(certificate), Some(key), Some(trust)) => Some(Identity { certificate, key, trust }),
            _ => None,
        };
        Settings {
            id: self.name.clone(),
            nodes: self.nodes,
            seed: self.seed,
            listen: self.listen,
            ports: Ports {
                api: self.api_port,
                ingress: self.ingress_port,
                services: self.services_port,
            },
            server_names: self.sans.clone(),
            identity,
            ingress: true,
            state: self.objects.clone().map_or(Kept::Memory, Kept::Objects),
            host_paths: BTreeMap::new(),
            machines: None,
            kubeconfig: self.kubeconfig.clone(),
            server: self.server.clone(),
            ready: self.ready.clone(),
        }
    }
}
