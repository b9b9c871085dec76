//! The image of a cluster's machine, as testcontainers runs it.

use std::time::Duration;

use simnet::tls::KeyPair;
use testcontainers::core::{ContainerPort, Mount, WaitFor};
use testcontainers::{ContainerRequest, Image, ImageExt};

use super::world::Ground;
use crate::backend::docker::{loopback, name_and_tag};
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
    let (name, tag) = name_and_tag(&ground.backend.0.image);
    let inner = Ports::default();
    let published = [
        (inner.api, ports.api),
        (inner.ingress, ports.ingress),
        (inner.services, ports.services),
    ];
    NodeImage { name, tag }
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
            config.port_bindings = Some(loopback(&published));
        })
        .with_mapped_port(ports.api, ContainerPort::Tcp(inner.api))
        .with_mapped_port(ports.ingress, ContainerPort::Tcp(inner.ingress))
        .with_mapped_port(ports.services, ContainerPort::Tcp(inner.services))
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
