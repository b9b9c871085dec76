//! One cluster that was there already.

use kube::Client;
use kube::config::Kubeconfig;

use super::contexts::Context;
use crate::backend::{BackendError, Cluster, Vantage};

/// One cluster that was there already, and stays.
pub(super) struct ExistingCluster {
    pub(super) id: String,
    pub(super) context: Context,
    /// Guarded.
    pub(super) client: Client,
    pub(super) ca: String,
}

impl Cluster for ExistingCluster {
    fn id(&self) -> &str {
        &self.id
    }

    fn client(&self) -> Client {
        self.client.clone()
    }

    fn api(&self, from: Vantage) -> String {
        match (from, &self.context.from_pods) {
            (Vantage::Pods, Some(address)) => address.clone(),
            _ => self.context.server.clone(),
        }
    }

    /// There is none: scenarios that ask for it are refused.
    fn ingress(&self, _: Vantage) -> String {
        format!("ingress.{}.invalid:443", crate::backend::dns_name(&self.id))
    }

    /// None is known: scenarios that ask for it are refused.
    fn service(&self, namespace: &str, name: &str, port: u16, _: Vantage) -> String {
        format!("{name}.{namespace}.{}.invalid:{port}", crate::backend::dns_name(&self.id))
    }

    fn kubeconfig(&self) -> Result<Kubeconfig, BackendError> {
        Ok(self.context.kubeconfig.clone())
    }

    fn ca(&self) -> &str {
        &self.ca
    }
}
