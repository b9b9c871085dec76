//! The program that the resident's pod runs.

use std::sync::Arc;

use flyte::stores::{Facts, StoreServer};
use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::tls::{KeyPair, server_config};
use simnet::{Listener, Stream};
use thiserror::Error;
use virtual_node::{ContainerContext, ExitStatus, IngressController, Program, Tasks};

use super::{INGRESS_PORTS, STORES_PORT, TRUST};

/// `multiplane-world CLUSTER DATA-DIR IDENTITY-DIR ADDRESS`: serves the stores that are in one folder, and the cluster's Ingresses with the
/// certificate in the other. ADDRESS is what statuses of Ingresses show.
pub struct ResidentProgram;

/// Why the resident does not run.
#[derive(Debug, Error)]
enum ResidentError {
    #[error("usage: multiplane-world CLUSTER DATA-DIR IDENTITY-DIR ADDRESS")]
    Usage,
    #[error("{0} is no folder of a real file system")]
    NoFolder(String),
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Cluster(#[from] flyte::InClusterError),
    #[error(transparent)]
    Tls(#[from] simnet::tls::TlsError),
    #[error(transparent)]
    Ingress(#[from] virtual_node::Error),
}

impl Program for ResidentProgram {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        async move {
            match serve(&context).await {
                Ok(()) => ExitStatus::SUCCESS,
                Err(error) => {
                    context.log.line(error.to_string());
                    ExitStatus::Exited(if matches!(error, ResidentError::Usage) { 2 } else { 1 })
                }
            }
        }
        .boxed()
    }
}

async fn serve(context: &ContainerContext) -> Result<(), ResidentError> {
    let arguments: Vec<String> = context.arguments().map(str::to_owned).collect();
    let [cluster, data, identity, address] = arguments.as_slice() else {
        return Err(ResidentError::Usage);
    };
    let folder = context.files.real(data).ok_or_else(|| ResidentError::NoFolder(data.clone()))?;
    let read = |folder: &str, name: &str| context.files.read_to_string(&format!("{folder}/{name}"));
    let facts = Facts {
        zone: cluster.clone(),
        trust: read(data, TRUST)?,
    };
    let stores = StoreServer::new(&folder, facts);
    let listener = context.host.listen(STORES_PORT).await?;
    context.tasks.spawn(accept(listener, stores, context.tasks.clone()));
    context.log.line(format!("stores of {cluster} at port {STORES_PORT}"));

    let pair = KeyPair {
        cert_pem: read(identity, "tls.crt")?,
        key_pem: read(identity, "tls.key")?,
    };
    let tls = server_config(&pair, None, &["h2", "http/1.1"], &context.clock)?;
    let client = flyte::in_cluster(context)?;
    let started = IngressController::in_pod(client, context.host.clone(), INGRESS_PORTS, address, Arc::clone(&tls));
    let _ingress = tokio::select! {
        biased;
        () = context.stop.cancelled() => return Ok(()),
        started = started => started?,
    };
    context.log.line(format!("Ingresses at port {}", INGRESS_PORTS.0));
    context.stop.cancelled().await;
    Ok(())
}

async fn accept(mut listener: Listener, stores: StoreServer, tasks: Tasks) {
    while let Ok((stream, _)) = listener.accept().await {
        tasks.spawn(connection(stream, stores.clone()));
    }
}

async fn connection(stream: Stream, stores: StoreServer) {
    if let Err(error) = stores.serve(stream).await {
        tracing::debug!(%error, "a client of the stores");
    }
}
