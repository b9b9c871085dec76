//! An embedded cluster with what stands round an API server.

use std::net::SocketAddr;

use embedded_cluster::EmbeddedCluster;
use simnet::Clock;
use virtual_node::CrashPoints;

use super::machines::Machines;
use super::surroundings::{Surroundings, seed};
use super::{BackendError, ClusterSpec, dns_name, names};

pub(crate) use super::surroundings::{API, Fault, HTTPS, INGRESS, Settings};

/// The version that embedded clusters serve.
pub(crate) const KUBERNETES: &str = "1.36";

/// One embedded cluster. Everything ends with it.
pub(crate) struct Member {
    socket: Option<SocketAddr>,
    clock: Clock,
    around: Surroundings,
    cluster: EmbeddedCluster,
}

impl Member {
    /// Starts a cluster: ready when its API server answers and its nodes are registered.
    pub(crate) async fn start(settings: Settings<'_>) -> Result<Self, Fault> {
        let Settings { id, network, .. } = settings;
        let api_name = names::api(id);
        let clock = network.clock().separate();
        let api = network.host(id, API);
        let own_names = [api_name.clone(), "localhost".to_owned()];
        let mut builder = EmbeddedCluster::builder(dns_name(id));
        if let Some(issuer) = settings.issuer {
            builder = builder.issuer(issuer);
        }
        let cluster = builder
            .clock(clock.clone())
            .seed(seed(settings.seed, id))
            .host(api.clone())
            .server_names(own_names.into_iter().chain(settings.server_names.iter().cloned()).collect())
            .start()
            .await?;
        let listener = api.listen(HTTPS).await?;
        let socket = listener.socket_addr();
        cluster.serve(listener)?;
        let around = Surroundings::start(&cluster, &settings, &clock).await?;
        Ok(Self {
            socket,
            clock,
            around,
            cluster,
        })
    }

    pub(crate) fn cluster(&self) -> &EmbeddedCluster {
        &self.cluster
    }

    pub(crate) fn crash_points(&self) -> &CrashPoints {
        self.around.crash_points()
    }

    /// The clock of its machines.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn machines(&self) -> &Machines {
        self.around.machines()
    }

    /// The API server's loopback socket, in a network that has some.
    pub(crate) fn socket(&self) -> Option<SocketAddr> {
        self.socket
    }
}

/// Refuses what embedded clusters do not serve.
pub(crate) fn check(spec: &ClusterSpec) -> Result<(), BackendError> {
    if spec.nodes > usize::from(u8::MAX) {
        return Err(BackendError::Nodes {
            cluster: spec.id.clone(),
            wanted: spec.nodes,
        });
    }
    match &spec.kubernetes {
        Some(wanted) if wanted != KUBERNETES => Err(BackendError::Version {
            cluster: spec.id.clone(),
            wanted: wanted.clone(),
            served: KUBERNETES,
        }),
        _ => Ok(()),
    }
}
