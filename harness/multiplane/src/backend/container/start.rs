//! Making one cluster: written down, started, and started again where another program took a port first.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Client;
use kube::config::Kubeconfig;
use simnet::http::{Access, AccessService};
use simnet::tls::KeyPair;

use super::ContainerError;
use super::image::{Identity, KUBECONFIG, request};
use super::machine::Machine;
use super::world::Ground;
use crate::backend::docker::{Failed, free_ports, launch, localise};
use crate::backend::ledger::{Resource, ResourceKind};
use crate::backend::{ClusterSpec, names};
use crate::node::Ports;

/// Attempts to start a container, where another program takes one of its ports first.
const ATTEMPTS: usize = 3;
/// Until a container must say that it is ready: a second, or more on a machine that is busy with others.
const STARTUP: Duration = Duration::from_secs(60);
/// Until a container's API server must answer, once the container says that it is ready.
const READY: Duration = Duration::from_secs(30);

/// Starts a cluster's container: ready when the API server answers at its published port.
pub(super) async fn start(ground: &Ground, spec: &ClusterSpec) -> Result<Machine, ContainerError> {
    let (name, belongings) = (ground.container(&spec.id), &ground.belongings);
    let ports = {
        let _permit = belongings.session().permits().acquire().await;
        run(ground, spec, &name).await?
    };
    belongings.begun(&spec.id, &name);
    let docker = belongings.docker();
    docker.connect(&ground.name(), &name, &Machine::names(&spec.id)).await?;
    let file = belongings.folder().join(format!("{}.kubeconfig", spec.id));
    docker.copy_out(&name, KUBECONFIG, &file).await?;
    let host_url = format!("https://127.0.0.1:{}", ports.api);
    let kubeconfig = localise(&file, &host_url).map_err(ContainerError::Cluster)?;
    let unusable = |error: &dyn std::fmt::Display| ContainerError::Cluster(error.to_string());
    let access = access(&kubeconfig, &host_url)?;
    let service = AccessService::new(&ground.operator(), &access).map_err(|error| unusable(&error))?;
    let client = Client::new(service, "default");
    ready(&client).await?;
    ground.slow.know(&spec.id, &client);
    Ok(Machine {
        id: spec.id.clone(),
        network: ground.name(),
        ca: access.ca_pem,
        container: name,
        docker,
        ports,
        host_url,
        kubeconfig,
        client,
        slow: ground.slow.clone(),
    })
}

async fn run(ground: &Ground, spec: &ClusterSpec, name: &str) -> Result<Ports, ContainerError> {
    let docker = ground.belongings.docker();
    let certificate = ground.authority.issue_server(&[names::ingress(&spec.id)]);
    let identity = Identity {
        certificate: certificate.map_err(|error| ContainerError::Authority(error.to_string()))?,
        trust: ground.authority.pem().to_owned(),
    };
    let mut attempt = 1;
    loop {
        let free = free_ports().map_err(|error| ContainerError::Cluster(format!("no free port on loopback: {error}")))?;
        let [api, ingress, services] = free;
        let ports = Ports { api, ingress, services };
        // Before each attempt: `gc` goes by the time of the last line when it waits for creations that are still under way.
        let resource = Resource::new(ResourceKind::Container, name).by(docker.program());
        ground.belongings.announce(resource)?;
        let launched = launch(&docker, name, request(ground, spec, &identity, ports), STARTUP).await;
        let Err(Failed { message, log }) = launched else {
            return Ok(ports);
        };
        // A container that was created and did not start is left behind.
        docker.remove_container(name).await?;
        let taken = message.contains("port is already allocated") || message.contains("address already in use");
        if !taken || attempt == ATTEMPTS {
            return Err(ContainerError::Start { message, log });
        }
        attempt += 1;
    }
}

/// Waits until the API server answers through the published port.
async fn ready(client: &Client) -> Result<(), ContainerError> {
    let answers = async {
        while client.apiserver_version().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(READY, answers).await;
    waited.map_err(|_| ContainerError::Cluster("the API server does not answer at its published port".to_owned()))
}

/// The admin's credentials in a kubeconfig.
fn access(kubeconfig: &Kubeconfig, server: &str) -> Result<Access, ContainerError> {
    let unusable = |why: &dyn std::fmt::Display| ContainerError::Cluster(format!("the container's kubeconfig: {why}"));
    let kubeconfig = serde_json::to_value(kubeconfig).map_err(|error| unusable(&error))?;
    let pem = |path: &str| -> Result<String, ContainerError> {
        let data = kubeconfig.pointer(path).and_then(serde_json::Value::as_str);
        let data = data.ok_or_else(|| unusable(&format!("no {path}")))?;
        let bytes = STANDARD.decode(data).map_err(|error| unusable(&error))?;
        String::from_utf8(bytes).map_err(|error| unusable(&error))
    };
    Ok(Access {
        server: server.to_owned(),
        ca_pem: pem("/clusters/0/cluster/certificate-authority-data")?,
        token: None,
        client: Some(KeyPair {
            cert_pem: pem("/users/0/user/client-certificate-data")?,
            key_pem: pem("/users/0/user/client-key-data")?,
        }),
    })
}
