//! The containers of a cluster: a server, and agents that join it.

use std::path::Path;
use std::time::Duration;

use testcontainers::core::{Mount, WaitFor};
use testcontainers::{ContainerRequest, Image, ImageExt};

use crate::backend::docker::{loopback, name_and_tag};
use crate::backend::ledger::LABEL;
use crate::backend::nodes::DATA;

/// Port of the API server.
pub(super) const API: u16 = 6443;
/// Where the server writes the admin's kubeconfig.
pub(super) const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";
/// Node ports that are published on the host: those of a Service or two, and of the Ingress controller.
pub(super) const NODE_PORTS: std::ops::Range<u16> = 30000..30008;
/// When testcontainers gives up; whoever starts it gives up before, and looks at its log.
const STARTUP: Duration = Duration::from_secs(900);
/// What comes with k3s and would be in the way, or is not needed: its Ingress controller and load balancers, and metrics.
const DISABLED: &str = "traefik,servicelb,metrics-server";

/// One node of k3s.
#[derive(Debug)]
pub(super) struct K3s {
    name: String,
    tag: String,
}

impl Image for K3s {
    fn name(&self) -> &str {
        &self.name
    }

    fn tag(&self) -> &str {
        &self.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        // Both the server and agents say so, on one or the other output.
        vec![WaitFor::message_on_either_std("k3s is up and running")]
    }
}

/// What a node is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// The server, whose API is published at this port of the host, with its node ports.
    Server {
        /// Of the API.
        api: u16,
        /// One for each of [`NODE_PORTS`].
        node_ports: &'a [u16],
    },
    /// An agent of the server in this container.
    Agent(&'a str),
}

/// A node's container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    /// Its name, host name, and the node's name.
    pub(super) name: &'a str,
    pub(super) image: &'a str,
    pub(super) part: Part<'a>,
    pub(super) network: &'a str,
    pub(super) run: &'a str,
    /// What agents show to join.
    pub(super) token: &'a str,
    /// The folder that all nodes of the world have.
    pub(super) data: Option<&'a Path>,
}

impl Node<'_> {
    /// The arguments of k3s.
    pub(super) fn command(&self) -> Vec<String> {
        let name = format!("--node-name={}", self.name);
        match self.part {
            Part::Server { .. } => vec![
                "server".to_owned(),
                name,
                format!("--disable={DISABLED}"),
                format!("--tls-san={}", self.name),
                "--tls-san=127.0.0.1".to_owned(),
            ],
            Part::Agent(_) => vec!["agent".to_owned(), name],
        }
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let token = ("K3S_TOKEN", self.token.to_owned());
        match self.part {
            Part::Server { .. } => vec![token],
            Part::Agent(server) => vec![token, ("K3S_URL", format!("https://{server}:{API}"))],
        }
    }

    /// Ports in the container and on the host.
    pub(super) fn ports(&self) -> Vec<(u16, u16)> {
        match self.part {
            Part::Server { api, node_ports } => {
                let nodes = NODE_PORTS.zip(node_ports.iter().copied());
                std::iter::once((API, api)).chain(nodes).collect()
            }
            Part::Agent(_) => Vec::new(),
        }
    }

    pub(super) fn request(&self) -> ContainerRequest<K3s> {
        let (name, tag) = name_and_tag(self.image);
        let bindings = loopback(&self.ports());
        let mut request = K3s { name, tag }
            .with_container_name(self.name)
            .with_hostname(self.name)
            .with_network(self.network)
            .with_labels([(LABEL, self.run)])
            .with_cmd(self.command())
            .with_privileged(true)
            .with_mount(Mount::tmpfs_mount("/run"))
            .with_mount(Mount::tmpfs_mount("/var/run"))
            .with_startup_timeout(STARTUP)
            .with_host_config_modifier(move |config| {
                config.publish_all_ports = Some(false);
                config.port_bindings = Some(bindings.clone());
            });
        for (name, value) in self.environment() {
            request = request.with_env_var(name, value);
        }
        match self.data {
            Some(data) => request.with_mount(Mount::bind_mount(data.display().to_string(), DATA)),
            None => request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node<'a>(part: Part<'a>) -> Node<'a> {
        Node {
            name: "mp-x-0-a",
            image: "rancher/k3s:v1.36.1-k3s1",
            part,
            network: "mp-x-0",
            run: "x",
            token: "secret",
            data: None,
        }
    }

    #[test]
    fn a_server() {
        let server = node(Part::Server {
            api: 40000,
            node_ports: &[40001, 40002],
        });
        let command = server.command().join(" ");
        assert_eq!(
            command,
            "server --node-name=mp-x-0-a --disable=traefik,servicelb,metrics-server --tls-san=mp-x-0-a --tls-san=127.0.0.1"
        );
        assert_eq!(server.environment(), [("K3S_TOKEN", "secret".to_owned())]);
        assert_eq!(server.ports(), [(6443, 40000), (30000, 40001), (30001, 40002)]);
        let request = server.request();
        assert_eq!(request.container_name().as_deref(), Some("mp-x-0-a"));
        assert!(request.privileged());
    }

    #[test]
    fn an_agent() {
        let agent = node(Part::Agent("mp-x-0-a-server"));
        assert_eq!(agent.command().join(" "), "agent --node-name=mp-x-0-a");
        let url = ("K3S_URL", "https://mp-x-0-a-server:6443".to_owned());
        assert_eq!(agent.environment(), [("K3S_TOKEN", "secret".to_owned()), url]);
        assert!(agent.ports().is_empty());
    }
}
