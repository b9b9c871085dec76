//! One cluster of this machine's programs.

use std::sync::Arc;

use embedded_cluster::Components;
use futures::FutureExt;
use futures::future::BoxFuture;
use kube::Client;
use kube::config::Kubeconfig;
use virtual_node::CrashPoints;

use super::egress::Egress;
use super::gate::Gate;
use super::start::Plane;
use crate::backend::surroundings::{HTTPS, Surroundings};
use crate::backend::{BackendError, Cluster, LosableNodes, Vantage, names};

/// One cluster. What stands round its control plane ends with it; the programs end with the world.
pub(super) struct BinariesCluster {
    pub(super) id: String,
    pub(super) host_url: String,
    /// The authority behind the API server, PEM.
    pub(super) ca: String,
    pub(super) client: Client,
    pub(super) kubeconfig: Kubeconfig,
    pub(super) around: Surroundings,
    pub(super) plane: Arc<Plane>,
    pub(super) _components: Components,
    pub(super) _gate: Gate,
    pub(super) _egress: Egress,
}

impl Cluster for BinariesCluster {
    fn id(&self) -> &str {
        &self.id
    }

    fn client(&self) -> Client {
        self.client.clone()
    }

    fn api(&self, from: Vantage) -> String {
        match from {
            Vantage::Pods => format!("https://{}:{HTTPS}", names::api(&self.id)),
            Vantage::Host => self.host_url.clone(),
        }
    }

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

    fn machines(&self) -> Option<&dyn LosableNodes> {
        Some(self)
    }

    fn crash_points(&self) -> Option<&CrashPoints> {
        Some(self.around.crash_points())
    }
}

impl LosableNodes for BinariesCluster {
    fn lose(&self, name: &str) -> bool {
        self.around.machines().lose(name)
    }

    fn boot<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), String>> {
        async move {
            if !self.around.machines().has(name) {
                return Err(format!("there is no node {name}"));
            }
            let booted = self.around.machines().boot(&*self.plane, name).await;
            booted.map_err(|error| error.to_string())
        }
        .boxed()
    }
}
