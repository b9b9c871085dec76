//! One scenario on clusters that were there already.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::ByteString;
use kube::client::ClientBuilder;
use kube::config::KubeConfigOptions;
use kube::{Client, Config};
use simnet::{Clock, Host, Machine, Network};

use super::cluster::ExistingCluster;
use super::contexts::Context;
use super::guard::Guard;
use super::listing::{Kinds, Listing};
use super::record::{About, Folder};
use super::{ExistingBackend, ExistingError, marker};
use crate::backend::ledger::{Resource, ResourceKind};
use crate::backend::outside::Belongings;
use crate::backend::{BackendError, Capabilities, Cluster, ClusterSpec, End, Ended, Placer, World};

/// One scenario on clusters that were there already.
pub struct ExistingWorld {
    backend: ExistingBackend,
    scenario: usize,
    belongings: Belongings,
    clock: Clock,
    network: Network,
}

impl ExistingWorld {
    pub(super) fn new(backend: ExistingBackend, scenario: usize) -> Result<Self, ExistingError> {
        let belongings = backend.0.session.scenario(scenario)?;
        let clock = Clock::real();
        Ok(Self {
            scenario,
            belongings,
            network: Network::gateway(clock.clone(), Arc::new(Machine)),
            clock,
            backend,
        })
    }

    /// Takes a cluster, lists what is in it, and gives out nothing but a guarded client.
    async fn take(&self, spec: &ClusterSpec) -> Result<ExistingCluster, ExistingError> {
        let shared = &self.backend.0;
        let context = shared.contexts.by_cluster.get(&spec.id);
        let context = context.ok_or_else(|| ExistingError::Refused(vec![format!("cluster {} has no context", spec.id)]))?;
        let run = shared.session.ledger().run();
        let path = self.belongings.folder().join(&spec.id);
        // First of all: from here on clean-up lets go of the cluster, and removes what is made.
        self.belongings
            .announce(Resource::new(ResourceKind::ClusterObjects, path.display().to_string()))?;
        let about = About {
            run: run.to_owned(),
            cluster: spec.id.clone(),
            context: context.name.clone(),
            server: context.server.clone(),
        };
        let folder = Folder::begin(&path, &about, context).map_err(ExistingError::file(&path))?;
        let client = connect(context).await?;
        if let Err(holder) = marker::lock(&client, run)
            .await
            .map_err(ExistingError::api("take the cluster by its marker"))?
        {
            return Err(self.backend.taken(context, holder));
        }
        let kinds = Kinds::read(&client).await?;
        let before = Listing::read(&client, &kinds).await?;
        let there = self.backend.intent(self.scenario, &spec.id, &kinds).there(&before);
        if !there.is_empty() {
            return Err(ExistingError::Refused(vec![ExistingBackend::unclean(&spec.id, context, &there)]));
        }
        folder.keep_before(&before).map_err(ExistingError::file(&path))?;
        let record = folder.record().map_err(ExistingError::file(&path))?;
        let guard = Guard::new(&context.name, before.keys().cloned().collect(), record);
        self.belongings.begun(&spec.id, &context.name);
        let builder = ClientBuilder::try_from(config(context).await?).map_err(ExistingError::api("connect"))?;
        Ok(ExistingCluster {
            id: spec.id.clone(),
            context: context.clone(),
            client: builder.with_layer(&guard).build(),
            ca: authority(context),
        })
    }
}

async fn config(context: &Context) -> Result<Config, ExistingError> {
    let config = Config::from_custom_kubeconfig(context.kubeconfig.clone(), &KubeConfigOptions::default()).await;
    config.map_err(|error| ExistingError::Credentials(context.name.clone(), error.to_string()))
}

/// A client that nothing guards, for what the backend itself does.
pub(super) async fn connect(context: &Context) -> Result<Client, ExistingError> {
    Client::try_from(config(context).await?).map_err(ExistingError::api("connect"))
}

/// The authority behind the API server; empty where the system's own vouch for it.
fn authority(context: &Context) -> String {
    let entry = context.kubeconfig.clusters.first().and_then(|cluster| cluster.cluster.as_ref());
    let Some(entry) = entry else { return String::new() };
    let data = entry.certificate_authority_data.clone();
    let data = data.and_then(|data| serde_json::from_value::<ByteString>(data.into()).ok());
    match (data, &entry.certificate_authority) {
        (Some(ByteString(pem)), _) => String::from_utf8_lossy(&pem).into_owned(),
        (None, Some(file)) => std::fs::read_to_string(file).unwrap_or_default(),
        (None, None) => String::new(),
    }
}

impl World for ExistingWorld {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "existing",
            virtual_time: false,
            placed_by: Placer::Upstream,
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn operator(&self) -> Host {
        self.network.host("operator", "operator")
    }

    fn trust(&self) -> &str {
        ""
    }

    fn has_ingress(&self) -> bool {
        false
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            let failed = |error: ExistingError| BackendError::Start {
                cluster: spec.id.clone(),
                message: error.to_string(),
            };
            Ok(Arc::new(self.take(spec).await.map_err(failed)?) as Arc<dyn Cluster>)
        }
        .boxed()
    }

    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        async move {
            let made = self.belongings.close().await;
            self.belongings.settle(made, end).await
        }
        .boxed()
    }
}
