//! One scenario's clusters.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::tls::Authority;
use simnet::{Clock, Host, Network};
use tokio::sync::OnceCell;

use super::machine::Machine;
use super::slow::Slow;
use super::start::start;
use super::ways::Ways;
use super::{ContainerBackend, ContainerError};
use crate::backend::ledger::{Resource, ResourceKind};
use crate::backend::outside::{Belongings, Creations};
use crate::backend::{BackendError, Capabilities, Cluster, ClusterSpec, End, Ended, Placer, World, dns_name, member, names};

/// Name of the machine that the harness stands on, and of its zone.
const OPERATOR: &str = "operator";

/// One scenario's clusters, on a docker network of their own. What runs in docker outlives it, unless it is ended.
pub struct ContainerWorld {
    ground: Arc<Ground>,
    starting: Creations,
}

/// What the clusters of a world stand on.
pub(super) struct Ground {
    pub(super) backend: ContainerBackend,
    pub(super) belongings: Belongings,
    pub(super) authority: Authority,
    pub(super) seed: u64,
    network: Network,
    clock: Clock,
    ways: Arc<Ways>,
    pub(super) slow: Arc<Slow>,
    laid: OnceCell<()>,
}

impl Ground {
    /// The name of the world's network and volume, and the start of its containers'.
    pub(super) fn name(&self) -> String {
        format!("multiplane-{}", self.belongings.name())
    }

    /// The name of a cluster's container.
    pub(super) fn container(&self, id: &str) -> String {
        format!("{}-{}", self.name(), dns_name(id))
    }

    pub(super) fn operator(&self) -> Host {
        self.network.host(OPERATOR, OPERATOR)
    }

    /// The network and the volume, made before the first cluster.
    async fn lay(&self) -> Result<(), ContainerError> {
        let laid = self.laid.get_or_try_init(|| async {
            let (name, label, docker) = (self.name(), self.belongings.label(), self.belongings.docker());
            let resource = |kind| Resource::new(kind, &name).by(docker.program());
            self.belongings.announce(resource(ResourceKind::Network))?;
            docker.create_network(&name, &label).await?;
            self.belongings.announce(resource(ResourceKind::Volume))?;
            docker.create_volume(&name, &label).await?;
            Ok(())
        });
        laid.await.copied()
    }

    async fn create(&self, spec: &ClusterSpec) -> Result<Machine, ContainerError> {
        self.lay().await?;
        let machine = start(self, spec).await?;
        self.ways.add(&names::api(&spec.id), machine.ports());
        Ok(machine)
    }
}

impl ContainerWorld {
    pub(super) fn new(backend: &ContainerBackend, scenario: usize, seed: u64) -> Result<Self, ContainerError> {
        let clock = Clock::real();
        let ways = Arc::new(Ways::default());
        let ground = Ground {
            belongings: backend.0.session.scenario(scenario)?,
            authority: Authority::new("multiplane", &clock).map_err(|error| ContainerError::Authority(error.to_string()))?,
            backend: backend.clone(),
            seed,
            network: Network::gateway(clock.clone(), ways.clone()),
            clock,
            ways,
            slow: Arc::default(),
            laid: OnceCell::new(),
        };
        Ok(Self {
            ground: Arc::new(ground),
            starting: Creations::default(),
        })
    }
}

impl World for ContainerWorld {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "container",
            virtual_time: false,
            placed_by: Placer::Reference,
        }
    }

    fn clock(&self) -> &Clock {
        &self.ground.clock
    }

    fn operator(&self) -> Host {
        self.ground.operator()
    }

    fn trust(&self) -> &str {
        self.ground.authority.pem()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            member::check(spec)?;
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
