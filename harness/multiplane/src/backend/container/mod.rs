//! Backend `container`: each cluster is an embedded one in a container of ours, with an address of its own and real network faults.
//!
//! Every container stands in two networks: docker's default bridge, through which the harness reaches its published ports, and the world's
//! own, on which clusters find each other by name. A fault touches the second one only, so that the harness still sees what happens.

mod engine;
mod image;
mod machine;
mod sweep;
mod ways;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::tls::Authority;
use simnet::{Clock, Host, Network};
use tokio_util::task::TaskTracker;

use super::{BackendError, Capabilities, Cluster, ClusterSpec, World, member, names};
use engine::Engine;
use machine::Machine;
use sweep::Sweep;
use ways::Ways;

pub use image::IMAGE;
pub use sweep::sweep;

/// Name of the machine that the harness stands on, and of its zone.
const OPERATOR: &str = "operator";

/// A world of containers on one docker network.
pub struct Containers {
    clock: Clock,
    network: Network,
    authority: Authority,
    seed: u64,
    ways: Arc<Ways>,
    engine: Arc<Engine>,
    /// Containers that are being started. What is begun is seen through, so that nothing appears behind the back of a clean-up.
    starting: TaskTracker,
    /// Last: it removes what the others use.
    sweep: Sweep,
}

impl Containers {
    /// A world of the run `run`; `name` tells it apart from the run's other worlds.
    ///
    /// # Errors
    /// If no docker engine answers, the image of `make images` is not there, or the world's network cannot be made.
    pub async fn new(run: &str, name: &str, seed: u64) -> Result<Self, BackendError> {
        let engine = Arc::new(Engine::connect(run, name).await?);
        // From here on there may be something to remove, whatever happens.
        let sweep = Sweep::new(run);
        engine.create_network().await?;
        engine.create_volume().await?;
        let clock = Clock::real();
        let ways = Arc::new(Ways::default());
        let authority = Authority::new("multiplane", &clock).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Self {
            network: Network::gateway(clock.clone(), ways.clone()),
            clock,
            authority,
            seed,
            ways,
            engine,
            starting: TaskTracker::new(),
            sweep,
        })
    }

    /// Removes all that the world's run made: containers, networks, volumes. What could not be removed is told. Dropping the world does the
    /// same, but tells nobody.
    pub async fn close(&self) -> Vec<String> {
        self.starting.close();
        self.starting.wait().await;
        self.sweep.now().await
    }
}

impl World for Containers {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "container",
            virtual_time: false,
            placed_by: "reference",
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn operator(&self) -> Host {
        self.network.host(OPERATOR, OPERATOR)
    }

    fn trust(&self) -> &str {
        self.authority.pem()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            member::check_version(spec)?;
            let failed = |message: String| BackendError::Start {
                cluster: spec.id.clone(),
                message,
            };
            let certificate = self.authority.issue_server(&[names::ingress(&spec.id)]);
            let identity = image::Identity {
                certificate: certificate.map_err(|error| failed(error.to_string()))?,
                trust: self.authority.pem().to_owned(),
            };
            let (engine, wanted, seed, operator) = (self.engine.clone(), spec.clone(), self.seed, self.operator());
            let start = async move { Machine::start(engine, &wanted, seed, &identity, &operator).await };
            let started = self.starting.spawn(start).await.map_err(|error| failed(error.to_string()))?;
            let machine = started.map_err(|fault| failed(fault.to_string()))?;
            self.ways.add(&names::api(&spec.id), machine.ports());
            Ok(Arc::new(machine) as Arc<dyn Cluster>)
        }
        .boxed()
    }
}
