//! One scenario's clusters.

use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use simnet::tls::Authority;
use simnet::{Clock, Host, Machine, Network};
use tokio::sync::OnceCell;

use super::{Kind, KindBackend, KindError, create, names};
use crate::backend::ledger::{Resource, ResourceKind, create_private};
use crate::backend::nodes::{NodesError, resident};
use crate::backend::outside::Belongings;
use crate::backend::{BackendError, Capabilities, Cluster, ClusterSpec, End, Ended, World};

/// One scenario's clusters, on a docker network of their own.
#[derive(Debug)]
pub struct KindWorld {
    pub(super) backend: KindBackend,
    pub(super) kind: Kind,
    pub(super) belongings: Belongings,
    clock: Clock,
    network: Network,
    docker_network: OnceCell<String>,
    /// Of the Ingress controllers' certificates.
    pub(super) authority: Authority,
    /// The folder that all nodes have, if the scenario needs the reference planes.
    pub(super) data: Option<PathBuf>,
}

impl KindWorld {
    pub(super) fn new(backend: KindBackend, scenario: usize, planes: bool) -> Result<Self, KindError> {
        let belongings = backend.0.session.scenario(scenario)?;
        let clock = Clock::real();
        let authority = Authority::new("multiplane", &clock).map_err(|error| NodesError::Resident {
            cluster: "all clusters".to_owned(),
            message: error.to_string(),
        })?;
        let data = match planes {
            true => Some(resident::data(belongings.folder(), authority.pem())?),
            false => None,
        };
        Ok(Self {
            authority,
            data,
            kind: Kind::new(belongings.runner().clone(), &backend.0.kind),
            belongings,
            network: Network::gateway(clock.clone(), Arc::new(Machine)),
            clock,
            docker_network: OnceCell::new(),
            backend,
        })
    }

    /// The world's docker network, made before its first cluster.
    pub(super) async fn docker_network(&self) -> Result<&str, KindError> {
        let made = self.docker_network.get_or_try_init(|| async {
            let (name, docker) = (names::network(&self.belongings.name()), self.belongings.docker());
            self.belongings
                .announce(Resource::new(ResourceKind::Network, &name).by(docker.program()))?;
            docker
                .create_network(&name, &self.belongings.label())
                .await
                .map_err(KindError::of)?;
            Ok::<_, KindError>(name)
        });
        made.await.map(String::as_str)
    }

    async fn finish(&self, end: End) -> Ended {
        let mut made = self.belongings.close().await;
        if end == End::Failed {
            self.export_logs(&made.clusters, &mut made.notes).await;
        }
        self.belongings.settle(made, end).await
    }

    async fn export_logs(&self, clusters: &[(String, String)], notes: &mut Vec<String>) {
        let folder = self.belongings.logs();
        // A creation that failed leaves nothing whose logs could be had.
        let there = match self.kind.clusters().await {
            Ok(there) => there,
            Err(error) => return notes.push(format!("no logs of the clusters' nodes: {error}")),
        };
        let clusters = clusters.iter().filter(|(_, name)| there.contains(name));
        let exports = clusters.map(async |(id, name)| {
            let into = folder.join(id);
            match create_private(&into) {
                Ok(()) => match self.kind.export_logs(name, &into).await {
                    Ok(()) => format!("logs of {id}: {}", into.display()),
                    Err(error) => format!("logs of {id}, not all of them: {}: {error}", into.display()),
                },
                Err(error) => format!("no logs of {id}: {}: {error}", into.display()),
            }
        });
        notes.extend(join_all(exports).await);
    }
}

impl World for KindWorld {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "kind",
            virtual_time: false,
            placed_by: self.backend.0.stock.placer,
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
        self.authority.pem()
    }

    fn has_ingress(&self) -> bool {
        self.data.is_some()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            let made = create::create(self, spec).await;
            let failed = |error: KindError| BackendError::Start {
                cluster: spec.id.clone(),
                message: error.to_string(),
            };
            Ok(Arc::new(made.map_err(failed)?) as Arc<dyn Cluster>)
        }
        .boxed()
    }

    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        self.finish(end).boxed()
    }
}
