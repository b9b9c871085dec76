//! datacatalog's command line: `serve` and `migrate run`.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tonic::service::Routes;
use virtual_node::{ContainerContext, ExitStatus};

use super::admin::{MESSAGE_MAX, grpc};
use super::command_line::CommandLine;
use super::companions::{check_password, until_stopped};
use super::serve::pages;
use super::{Failure, Stores};
use crate::catalog::{Catalog, Service};
use crate::config::CatalogConfig;
use crate::proto::datacatalog::data_catalog_server::DataCatalogServer;

pub(super) fn run(context: ContainerContext, stores: Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>> {
    async move {
        let line = CommandLine::read(&context)?;
        let config = line.config(&context)?;
        check_password(&context, &config)?;
        let config = CatalogConfig::read(&config).map_err(Failure::new)?;
        match line.words()[..] {
            ["migrate", "run"] => {
                stores.database(&config.database).map_err(Failure::new)?;
                Ok(ExitStatus::SUCCESS)
            }
            ["serve"] => serve(&context, config, &stores).await,
            _ => Err(line.unknown("datacatalog")),
        }
    }
    .boxed()
}

async fn serve(context: &ContainerContext, config: CatalogConfig, stores: &Stores) -> Result<ExitStatus, Failure> {
    let (http, port, profiler) = (config.http_port, config.grpc_port, config.profiler_port);
    let catalog = Catalog::start(context, config, stores).map_err(Failure::new)?;
    let service = DataCatalogServer::new(Service(Arc::new(catalog)))
        .max_decoding_message_size(MESSAGE_MAX)
        .max_encoding_message_size(MESSAGE_MAX);
    pages(context, http, None, &[("/healthcheck", "")]).await?;
    grpc(context, port, Routes::new(service), "datacatalog").await?;
    pages(context, profiler, None, &[("/healthcheck", ""), ("/metrics", "")]).await?;
    Ok(until_stopped(context).await)
}
