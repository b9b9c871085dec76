//! One scenario's clusters.

use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::tls::Authority;
use simnet::{Clock, Host, Machine, Network};
use tokio::sync::OnceCell;

use super::start::start;
use super::{K3sBackend, K3sError};
use crate::backend::ledger::{Resource, ResourceKind};
use crate::backend::nodes::{NodeCluster, resident};
use crate::backend::outside::{Belongings, Creations};
use crate::backend::{BackendError, Capabilities, Cluster, ClusterSpec, End, Ended, World, dns_name};

/// One scenario's clusters, on a docker network of their own. What runs in docker outlives it, unless it is ended.
pub struct K3sWorld {
    ground: Arc<Ground>,
    network: Network,
    clock: Clock,
    starting: Creations,
}

/// What the clusters of a world stand on.
pub(super) struct Ground {
    pub(super) backend: K3sBackend,
    pub(super) belongings: Belongings,
    pub(super) authority: Authority,
    /// The folder that all nodes have, if the scenario needs the reference planes.
    pub(super) data: Option<PathBuf>,
    laid: OnceCell<()>,
}

impl Ground {
    /// The name of the world's network, and the start of its containers'.
    pub(super) fn name(&self) -> String {
        format!("mp-{}", dns_name(&self.belongings.name()))
    }

    /// The name of a cluster's container with the server; those of agents have a number behind it.
    pub(super) fn server(&self, id: &str) -> String {
        format!("{}-{}", self.name(), dns_name(id))
    }

    async fn create(&self, spec: &ClusterSpec) -> Result<NodeCluster, K3sError> {
        let laid = self.laid.get_or_try_init(|| async {
            let (name, docker) = (self.name(), self.belongings.docker());
            let network = Resource::new(ResourceKind::Network, &name).by(docker.program());
            self.belongings.announce(network)?;
            docker.create_network(&name, &self.belongings.label()).await?;
            Ok::<_, K3sError>(())
        });
        laid.await?;
        start(self, spec).await
    }
}

impl K3sWorld {
    pub(super) fn new(backend: &K3sBackend, scenario: usize, planes: bool) -> Result<Self, K3sError> {
        let clock = Clock::real();
        let belongings = backend.0.session.scenario(scenario)?;
        let authority = Authority::new("multiplane", &clock).map_err(|error| K3sError::Cluster(error.to_string()))?;
        let data = match planes {
            true => Some(resident::data(belongings.folder(), authority.pem())?),
            false => None,
        };
        Ok(Self {
            ground: Arc::new(Ground {
                backend: backend.clone(),
                belongings,
                authority,
                data,
                laid: OnceCell::new(),
            }),
            network: Network::gateway(clock.clone(), Arc::new(Machine)),
            clock,
            starting: Creations::default(),
        })
    }
}

impl World for K3sWorld {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "k3s",
            virtual_time: false,
            placed_by: self.ground.backend.0.stock.placer,
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn operator(&self) -> Host {
        self.network.host("operator", "operator")
    }

    fn trust(&self) -> &str {
        // API servers have authorities of their own.
        self.ground.authority.pem()
    }

    fn has_ingress(&self) -> bool {
        self.ground.data.is_some()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            let (ground, wanted) = (self.ground.clone(), spec.clone());
            self.starting.make(spec, async move { ground.create(&wanted).await }).await
        }
        .boxed()
    }

    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        async move {
            self.starting.end().await;
            self.ground.belongings.end_containers(end).await
        }
        .boxed()
    }
}
