//! One cluster with real nodes.

use std::collections::BTreeSet;

use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::ByteString;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio_util::task::AbortOnDropHandle;

use super::NodesError;
use super::planes::Loader;
use super::ports::{Ports, expose};
use crate::backend::{BackendError, Cluster, Placer, Vantage};
use crate::resident;

/// Port of the API server inside docker's network.
const API: u16 = 6443;

/// One cluster with real nodes. What runs in docker outlives it.
#[derive(Debug)]
pub(in crate::backend) struct NodeCluster {
    id: String,
    /// The node with the API server, by the name or address that the other clusters' pods reach.
    node: String,
    kubeconfig: Kubeconfig,
    server: String,
    ca: String,
    client: ClientBox,
    ports: Ports,
    planes: Option<Loader>,
    placer: Placer,
    _exposed: AbortOnDropHandle<()>,
}

/// A client has no `Debug`.
struct ClientBox(Client);

impl std::fmt::Debug for ClientBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl NodeCluster {
    /// The cluster behind a kubeconfig.
    pub(in crate::backend) async fn new(id: &str, node: &str, kubeconfig: Kubeconfig, ports: Ports) -> Result<Self, String> {
        let entry = kubeconfig.clusters.first().and_then(|cluster| cluster.cluster.clone());
        let entry = entry.ok_or("it names no cluster")?;
        let server = entry.server.ok_or("it names no server")?;
        let ca = entry
            .certificate_authority_data
            .ok_or("it has no certificate of the server's authority")?;
        let ByteString(ca) = serde_json::from_value(ca.into()).map_err(|error| format!("the authority's certificate: {error}"))?;
        let ca = String::from_utf8(ca).map_err(|error| format!("the authority's certificate: {error}"))?;
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig.clone(), &options);
        let config = config.await.map_err(|error| error.to_string())?;
        let client = Client::try_from(config).map_err(|error| error.to_string())?;
        let exposed = tokio::spawn(expose(client.clone(), ports.clone()));
        Ok(Self {
            id: id.to_owned(),
            node: node.to_owned(),
            kubeconfig,
            server,
            ca,
            client: ClientBox(client),
            ports,
            planes: None,
            placer: Placer::Reference,
            _exposed: AbortOnDropHandle::new(exposed),
        })
    }

    pub(in crate::backend) fn admin(&self) -> Client {
        self.client.0.clone()
    }

    /// From now on images of the reference planes come from `loader`, if they are the planes that place.
    pub(in crate::backend) fn with_planes(self, loader: Loader, placer: Placer) -> Self {
        Self {
            planes: Some(loader),
            placer,
            ..self
        }
    }
}

impl Cluster for NodeCluster {
    fn id(&self) -> &str {
        &self.id
    }

    fn client(&self) -> Client {
        self.admin()
    }

    /// As pods of the other clusters see it: a name or address in the API server's certificate.
    fn api(&self, from: Vantage) -> String {
        match from {
            Vantage::Pods => format!("https://{}:{API}", self.node),
            Vantage::Host => self.server.clone(),
        }
    }

    fn ingress(&self, from: Vantage) -> String {
        self.service(resident::NAMESPACE, resident::INGRESS, 443, from)
    }

    fn runs_images(&self) -> bool {
        self.planes.is_some() && self.placer == Placer::Reference
    }

    fn provide<'a>(&'a self, images: &'a BTreeSet<String>) -> BoxFuture<'a, Result<Vec<String>, BackendError>> {
        async move {
            let Some(loader) = &self.planes else { return Ok(Vec::new()) };
            let failed = |error: NodesError| BackendError::Images {
                cluster: self.id.clone(),
                message: error.to_string(),
            };
            loader.load(images).await.map_err(failed)
        }
        .boxed()
    }

    fn service(&self, namespace: &str, name: &str, port: u16, from: Vantage) -> String {
        let node_port = self.ports.of(namespace, name, port);
        match (from, self.ports.published(node_port)) {
            (Vantage::Host, Some(address)) => address,
            // On Linux nodes have addresses that the host reaches, but no names there; the failed lookup then says what is asked for.
            _ => format!("{}:{node_port}", self.node),
        }
    }

    fn kubeconfig(&self) -> Result<Kubeconfig, BackendError> {
        Ok(self.kubeconfig.clone())
    }

    fn ca(&self) -> &str {
        &self.ca
    }
}
