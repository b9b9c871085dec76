//! The image of a cluster's machine, as testcontainers runs it.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use simnet::tls::KeyPair;
use testcontainers::bollard::models::PortBinding;
use testcontainers::core::{ContainerPort, Mount, WaitFor};
use testcontainers::{ContainerRequest, Image, ImageExt};

use super::world::Ground;
use crate::backend::ledger::LABEL;
use crate::backend::{ClusterSpec, dns_name, names};
use crate::node::Ports;

/// Where the admin's kubeconfig is in the container.
pub(super) const KUBECONFIG: &str = "/multiplane/admin.kubeconfig";
const CERTIFICATE: &str = "/multiplane/ingress.crt";
const KEY: &str = "/multiplane/ingress.key";
const TRUST: &str = "/multiplane/trust.crt";
const OBJECTS: &str = "/objects";
/// When testcontainers gives up and removes the container; whoever starts it gives up before, and looks at its log.
const STARTUP: Duration = Duration::from_secs(600);

/// The image.
#[derive(Debug)]
pub(super) struct NodeImage {
    name: String,
    tag: String,
}

impl NodeImage {
    /// Of `name[:tag]`; a registry may have a port.
    fn new(image: &str) -> Self {
        let (name, tag) = match image.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (image, "latest"),
        };
        Self {
            name: name.to_owned(),
            tag: tag.to_owned(),
        }
    }
}

impl Image for NodeImage {
    fn name(&self) -> &str {
        &self.name
    }

    fn tag(&self) -> &str {
        &self.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        vec![WaitFor::message_on_stderr("is ready")]
    }
}

/// What the clusters of a world have in common, for one of them.
pub(super) struct Identity {
    /// The Ingress controller's.
    pub(super) certificate: KeyPair,
    /// Authorities that pods trust, PEM.
    pub(super) trust: String,
}

/// A container for this cluster, with these ports of the host.
pub(super) fn request(ground: &Ground, spec: &ClusterSpec, identity: &Identity, ports: Ports) -> ContainerRequest<NodeImage> {
    NodeImage::new(&ground.backend.0.image)
        .with_container_name(ground.container(&spec.id))
        .with_hostname(dns_name(&spec.id))
        .with_labels([(LABEL, ground.backend.0.session.ledger().run())])
        .with_cmd(command(spec, ground.seed))
        .with_copy_to(CERTIFICATE, identity.certificate.cert_pem.clone().into_bytes())
        .with_copy_to(KEY, identity.certificate.key_pem.clone().into_bytes())
        .with_copy_to(TRUST, identity.trust.clone().into_bytes())
        .with_mount(Mount::volume_mount(ground.name(), OBJECTS))
        .with_startup_timeout(STARTUP)
        .with_host_config_modifier(move |config| {
            config.publish_all_ports = Some(false);
            config.port_bindings = Some(bindings(ports));
        })
        .with_mapped_port(ports.api, ContainerPort::Tcp(Ports::default().api))
        .with_mapped_port(ports.ingress, ContainerPort::Tcp(Ports::default().ingress))
        .with_mapped_port(ports.services, ContainerPort::Tcp(Ports::default().services))
}

fn command(spec: &ClusterSpec, seed: u64) -> Vec<String> {
    let (nodes, seed) = (spec.nodes.to_string(), seed.to_string());
    let api = names::api(&spec.id);
    let arguments = [
        "node",
        "--name",
        &spec.id,
        "--nodes",
        &nodes,
        "--seed",
        &seed,
        "--listen",
        "0.0.0.0",
        "--san",
        &api,
        "--ingress-cert",
        CERTIFICATE,
        "--ingress-key",
        KEY,
        "--trust",
        TRUST,
        "--objects",
        OBJECTS,
        "--kubeconfig",
        KUBECONFIG,
    ];
    arguments.map(str::to_owned).into()
}

/// The ports on loopback only: a test's clusters are nobody else's. The port numbers are fixed, since docker picks others each time that a
/// container's networks change.
fn bindings(ports: Ports) -> HashMap<String, Option<Vec<PortBinding>>> {
    let inner = Ports::default();
    let pairs = [
        (inner.api, ports.api),
        (inner.ingress, ports.ingress),
        (inner.services, ports.services),
    ];
    let binding = |(inner, outer): (u16, u16)| {
        let binding = PortBinding {
            host_ip: Some(Ipv4Addr::LOCALHOST.to_string()),
            host_port: Some(outer.to_string()),
        };
        (format!("{inner}/tcp"), Some(vec![binding]))
    };
    pairs.map(binding).into()
}

/// Ports of loopback that nobody has at this moment; another program may take them before docker does.
pub(super) fn free_ports() -> std::io::Result<Ports> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (api, ingress, services) = (bind()?, bind()?, bind()?);
    Ok(Ports {
        api: api.local_addr()?.port(),
        ingress: ingress.local_addr()?.port(),
        services: services.local_addr()?.port(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("multiplane:dev", "multiplane", "dev")]
    #[case("multiplane", "multiplane", "latest")]
    #[case("localhost:5000/multiplane", "localhost:5000/multiplane", "latest")]
    #[case("localhost:5000/multiplane:1", "localhost:5000/multiplane", "1")]
    fn names_and_tags(#[case] image: &str, #[case] name: &str, #[case] tag: &str) {
        let image = NodeImage::new(image);
        assert_eq!((image.name(), image.tag()), (name, tag));
    }
}
