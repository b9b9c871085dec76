//! Installing a zone's Services as names of the network.

use std::sync::{Arc, Weak};

use kube::Client;
use simnet::{Network, Resolve};

use super::Tables;

/// A cluster's DNS and kube-proxy: `<service>.<namespace>.svc.cluster.local` and cluster IPs lead to ready endpoints.
///
/// Shorter names come from the search domains of the host that asks, as in a pod. A connection to a Service without ready
/// endpoints is refused. Dropped, the names resolve no more.
pub struct ServiceProxy {
    tables: Arc<Tables>,
}

impl ServiceProxy {
    /// Follows the cluster's Services and EndpointSlices and installs their names in `zone`.
    ///
    /// `api_server` is where the Service `default/kubernetes` leads: an address of the zone, and its port. Returns once the
    /// first lists are complete.
    pub async fn start(client: Client, network: &Network, zone: &str, api_server: (&str, u16)) -> Self {
        let tables = Arc::new(Tables::follow(client, (api_server.0.to_owned(), api_server.1)).await);
        tables.synced().await;
        network.resolver(zone, Arc::new(Names(Arc::downgrade(&tables))));
        Self { tables }
    }

    pub(crate) fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }
}

/// The network's view of a proxy, which it does not keep alive.
struct Names(Weak<Tables>);

impl Resolve for Names {
    fn resolve(&self, name: &str, port: u16) -> Option<Vec<(String, u16)>> {
        self.0.upgrade()?.resolve(name, port)
    }

    fn addresses(&self, name: &str) -> Option<Vec<String>> {
        self.0.upgrade()?.addresses(name)
    }
}
