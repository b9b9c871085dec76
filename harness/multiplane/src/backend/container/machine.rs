//! One cluster in its container.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube::Client;
use kube::config::Kubeconfig;

use super::slow::Slow;
use crate::backend::docker::Docker;
use crate::backend::member::HTTPS;
use crate::backend::process::ProcessError;
use crate::backend::{BackendError, Cluster, Faults, Vantage, names};
use crate::node::Ports;

/// A cluster in its container, which outlives this value.
pub(super) struct Machine {
    pub(super) id: String,
    /// The container's name.
    pub(super) container: String,
    /// The world's network.
    pub(super) network: String,
    pub(super) docker: Docker,
    pub(super) ports: Ports,
    pub(super) host_url: String,
    pub(super) kubeconfig: Kubeconfig,
    pub(super) ca: String,
    pub(super) client: Client,
    pub(super) slow: Arc<Slow>,
}

impl Machine {
    /// The names by which other clusters know it.
    pub(super) fn names(id: &str) -> [String; 2] {
        [names::api(id), names::ingress(id)]
    }

    /// Its published ports.
    pub(super) fn ports(&self) -> Ports {
        self.ports
    }

    fn fault<'a>(
        &'a self,
        what: &'static str,
        work: impl Future<Output = Result<(), ProcessError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        let failed = move |error: ProcessError| BackendError::Fault {
            cluster: self.id.clone(),
            what,
            message: error.to_string(),
        };
        async move { work.await.map_err(failed) }.boxed()
    }
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
        self.fault("disconnect", self.docker.disconnect(&self.network, &self.container))
    }

    fn reconnect(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        let connect = async { self.docker.connect(&self.network, &self.container, &Self::names(&self.id)).await };
        self.fault("reconnect", connect)
    }

    fn pause(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.fault("pause", self.docker.pause(&self.container))
    }

    fn resume(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.fault("resume", self.docker.unpause(&self.container))
    }

    fn delay(&self, by: Duration) -> BoxFuture<'_, Result<(), BackendError>> {
        let failed = |message| BackendError::Fault {
            cluster: self.id.clone(),
            what: "delay",
            message,
        };
        async move { self.slow.delay(&self.id, by).await.map_err(failed) }.boxed()
    }

    fn delete(&self) -> BoxFuture<'_, Result<(), BackendError>> {
        self.slow.forget(&self.id);
        self.fault("delete", self.docker.remove_container(&self.container))
    }
}
