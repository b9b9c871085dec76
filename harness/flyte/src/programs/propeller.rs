//! flytepropeller's command line: the data plane itself, and its webhook.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use virtual_node::{ContainerContext, ExitStatus};

use super::command_line::CommandLine;
use super::{Failure, Stores, serve};
use crate::client::channel;
use crate::config::{CatalogCache, Config, PropellerConfig};
use crate::kubernetes;
use crate::propeller::{CatalogClient, Controller, DataStore, Engine, Events, GrpcAdmin, KubeCluster, Leader};

mod webhook;

/// Limit of one call to the control plane.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

pub(super) fn run(context: ContainerContext, stores: Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>> {
    async move {
        let line = CommandLine::read(&context)?;
        let config = line.config(&context)?;
        match line.words()[..] {
            [] => propel(&context, &config, &stores).await,
            ["webhook", "init-certs"] => webhook::init_certs(&context, &config).await,
            ["webhook"] => webhook::serve(&context, &config).await,
            _ => Err(line.unknown("flytepropeller")),
        }
    }
    .boxed()
}

async fn propel(context: &ContainerContext, config: &Config, stores: &Stores) -> Result<ExitStatus, Failure> {
    let port = config.section("propeller").child("prof-port");
    let port = port.port(10254).map_err(Failure::new)?;
    let config = PropellerConfig::read(config).map_err(Failure::new)?;
    let client = kubernetes::in_cluster(context).map_err(|error| Failure(format!("error building Kubernetes clientset: {error}")))?;
    serve::pages(context, port, None, &[("/healthcheck", ""), ("/metrics", "")]).await?;
    let engine = engine(context, config.clone(), stores, client.clone())?;
    let mut controller = Controller::new(engine, client.clone(), context.log.clone());
    let mut leader = config
        .leader_election
        .map(|election| Leader::new(client, election, context.pod.name.clone(), context.clock.clone()));
    let work = async {
        let Some(leader) = &mut leader else {
            controller.run().await;
            return Ok(ExitStatus::SUCCESS);
        };
        leader.acquire().await;
        tokio::select! {
            biased;
            () = leader.hold() => Err(Failure::new("Lost leader state. Shutting down.")),
            () = controller.run() => Ok(ExitStatus::SUCCESS),
        }
    };
    tokio::select! {
        biased;
        () = context.stop.cancelled() => Ok(ExitStatus::SUCCESS),
        ended = work => ended,
    }
}

fn engine(context: &ContainerContext, config: PropellerConfig, stores: &Stores, client: kube::Client) -> Result<Engine, Failure> {
    let trust = (!config.admin.insecure).then_some(&*context.trust);
    let channel = channel(&context.host, &config.admin.endpoint, trust, CALL_TIMEOUT)
        .map_err(|error| Failure(format!("failed to connect to admin: {error}")))?;
    let catalog = catalog(context, config.catalog.as_ref())?;
    let store_id = config.storage.store_id(context.host.zone());
    Ok(Engine {
        cluster: Arc::new(KubeCluster(client)),
        events: Events {
            admin: Arc::new(GrpcAdmin::new(channel)),
            producer: config.cluster_id.clone(),
            clock: context.clock.clone(),
        },
        data: DataStore {
            objects: stores.object_store_for(&store_id, context),
            scheme: config.storage.scheme.clone(),
            bucket: config.storage.container.clone(),
            prefix: config.metadata_prefix.clone(),
        },
        catalog,
        store_id,
        pods: Arc::default(),
        config,
    })
}

/// The catalog, if there is one. Nothing is connected yet.
fn catalog(context: &ContainerContext, config: Option<&CatalogCache>) -> Result<Option<CatalogClient>, Failure> {
    let Some(config) = config else { return Ok(None) };
    let trust = (!config.insecure).then_some(&*context.trust);
    let channel = channel(&context.host, &config.endpoint, trust, CALL_TIMEOUT)
        .map_err(|error| Failure(format!("failed to connect to datacatalog: {error}")))?;
    Ok(Some(CatalogClient::new(channel, config.clone(), context.clock.clone())))
}
