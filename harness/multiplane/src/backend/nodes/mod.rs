//! Clusters whose nodes are real ones, in containers: what kind and k3s share.
//!
//! Their Services are reached through node ports ([`Ports`]). Where a scenario needs Flyte's reference planes, their image is loaded under the
//! names of the charts ([`Loader`]), and every cluster gets the resident ([`resident`]).

mod cluster;
mod error;
mod images;
mod planes;
mod ports;
mod ready;
pub(super) mod resident;
mod retag;
mod stock;

use std::fmt::Debug;
use std::path::Path;

use futures::future::BoxFuture;
use scenario::Scenario;

pub(super) use cluster::NodeCluster;
pub use error::NodesError;
pub(super) use images::Images;
pub(super) use ports::Ports;
pub(super) use ready::ready;
pub use stock::NodeImages;
pub(super) use stock::Stock;

/// Where the world's folder is on every node.
pub(super) const DATA: &str = "/var/lib/multiplane";

/// Why a scenario's clusters cannot have real nodes; empty if they can.
pub(super) fn refusals(scenario: &Scenario) -> impl Iterator<Item = String> {
    let empty = scenario.clusters.iter().filter(|(_, cluster)| cluster.nodes == 0);
    empty.map(|(id, _)| format!("cluster {id}: only embedded clusters can do without nodes"))
}

/// Brings images into the nodes of a cluster.
pub(super) trait Import: Debug + Send + Sync {
    /// Brings all images of an archive into all nodes of the cluster with this name.
    fn import<'a>(&'a self, cluster: &'a str, archive: &'a Path) -> BoxFuture<'a, Result<(), NodesError>>;
}
