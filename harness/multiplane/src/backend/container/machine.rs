//! One cluster in its container.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::BoxFuture;
use kube::Client;
use kube::config::Kubeconfig;
use simnet::Host;
use simnet::http::{Access, AccessService};
use simnet::tls::KeyPair;
use testcontainers::ContainerAsync;
use testcontainers::runners::AsyncRunner;
use tokio::runtime::Handle;

use super::engine::Engine;
use super::image::{Identity, KUBECONFIG, NodeImage, free_ports, request};
use crate::backend::member::{Fault, HTTPS};
use crate::backend::{BackendError, Cluster, ClusterSpec, Faults, Vantage, names};
use crate::node::Ports;

/// Attempts to start a container, where another program takes one of its ports first.
const ATTEMPTS: usize = 3;
/// Until a container's API server must answer, once the container says that it is ready.
const READY: Duration = Duration::from_secs(30);

/// A cluster in its container, which goes with it.
pub(super) struct Machine {
    id: String,
    ports: Ports,
    host_url: String,
    kubeconfig: Kubeconfig,
    ca: String,
    client: Client,
    container: ContainerAsync<NodeImage>,
    engine: Arc<Engine>,
}

impl Machine {
    /// Starts the container: ready when the API server answers at its published port.
    pub(super) async fn start(
        engine: Arc<Engine>,
        spec: &ClusterSpec,
        seed: u64,
        identity: &Identity,
        operator: &Host,
    ) -> Result<Self, Fault> {
        let (container, ports) = run(&engine, spec, seed, identity).await?;
        engine.join(&spec.id).await?;
        let (container, text) = read(container, KUBECONFIG).await?;
        let mut kubeconfig = Kubeconfig::from_yaml(&text)?;
        let host_url = format!("https://127.0.0.1:{}", ports.api);
        for named in &mut kubeconfig.clusters {
            if let Some(cluster) = &mut named.cluster {
                cluster.server = Some(host_url.clone());
            }
        }
        let access = access(&kubeconfig, &host_url)?;
        let ca = access.ca_pem.clone();
        let client = Client::new(AccessService::new(operator, &access)?, "default");
        ready(&client).await?;
        Ok(Self {
            id: spec.id.clone(),
            ports,
            host_url,
            kubeconfig,
            ca,
            client,
            container,
            engine,
        })
    }

    /// Its published ports.
    pub(super) fn ports(&self) -> Ports {
        self.ports
    }

    fn fault(&self, what: &'static str, error: impl std::fmt::Display) -> BackendError {
        BackendError::Fault {
            cluster: self.id.clone(),
            what,
            message: error.to_string(),
        }
    }
}

async fn run(engine: &Engine, spec: &ClusterSpec, seed: u64, identity: &Identity) -> Result<(ContainerAsync<NodeImage>, Ports), Fault> {
    let mut attempt = 1;
    loop {
        let ports = free_ports()?;
        match request(engine, spec, seed, identity, ports).start().await {
            Ok(container) => return Ok((container, ports)),
            Err(error) => {
                // A container that was created and did not start is left behind.
                engine.remove(&spec.id).await?;
                let text = error.to_string();
                let taken = text.contains("port is already allocated") || text.contains("address already in use");
                if !taken || attempt == ATTEMPTS {
                    return Err(error.into());
                }
                attempt += 1;
            }
        }
    }
}

/// Reads a file of the container. On a thread of its own, since testcontainers' future may not move between threads.
async fn read(container: ContainerAsync<NodeImage>, file: &'static str) -> Result<(ContainerAsync<NodeImage>, String), Fault> {
    let runtime = Handle::current();
    let read = tokio::task::spawn_blocking(move || {
        let content = runtime.block_on(container.copy_file_from(file, Vec::new()));
        (container, content)
    });
    let (container, content) = read.await?;
    Ok((container, String::from_utf8(content?)?))
}

/// Waits until the API server answers through the published port.
async fn ready(client: &Client) -> Result<(), Fault> {
    let answers = async {
        while client.apiserver_version().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(READY, answers).await;
    waited.map_err(|_| "the API server does not answer at its published port".into())
}

/// The admin's credentials in a kubeconfig.
fn access(kubeconfig: &Kubeconfig, server: &str) -> Result<Access, Fault> {
    let kubeconfig = serde_json::to_value(kubeconfig)?;
    let pem = |path: &str| -> Result<String, Fault> {
        let data = kubeconfig.pointer(path).and_then(serde_json::Value::as_str);
        let data = data.ok_or_else(|| format!("the container's kubeconfig has no {path}"))?;
        Ok(String::from_utf8(STANDARD.decode(data)?)?)
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

impl Cluster for Machine {
    fn id(&self) -> &str {
        &self.id
    }

    fn client(&self) -> Client {
        self.client.clone()
    }

    fn api(&self, from: Vantage) -> String {
        match from {
            Vantage::Pods => format!("https://{}:{}", names::api(&self.id), Ports::default().api),
            Vantage::Host => self.host_url.clone(),
        }
    }

    /// One name for both: the harness's own connections find their way by it.
    fn ingress(&self, _: Vantage) -> String {
        format!("{}:{HTTPS}", names::ingress(&self.id))
    }

    fn service(&self, namespace: &str, name: &str, port: u16, _: Vantage) -> String {
        names::service(&self.id, namespace, name, port)
    }

    fn kubeconfig(&self) -> Result<Kubeconfig, BackendError> {
        Ok(self.kubeconfig.clone())
    }

    fn ca(&self) -> &str {
        &self.ca
    }

    fn faults(&self) -> Option<&dyn Faults> {
        Some(self)
    }
}

impl Faults for Machine {
    fn disconnect(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        async { self.engine.part(&self.id).await.map_err(|error| self.fault("disconnect", error)) }.boxed()
    }

    fn reconnect(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        async { self.engine.join(&self.id).await.map_err(|error| self.fault("reconnect", error)) }.boxed()
    }

    fn pause(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        async { self.container.pause().await.map_err(|error| self.fault("pause", error)) }.boxed()
    }

    fn resume(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        async { self.container.unpause().await.map_err(|error| self.fault("resume", error)) }.boxed()
    }

    fn delete(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        async { self.engine.remove(&self.id).await.map_err(|error| self.fault("delete", error)) }.boxed()
    }
}
