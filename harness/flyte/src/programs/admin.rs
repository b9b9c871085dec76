//! flyteadmin's command line.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use tonic::service::Routes;
use virtual_node::{ContainerContext, ExitStatus};

use super::command_line::CommandLine;
use super::companions::{check_password, until_stopped};
use super::rest::Gateway;
use super::{Failure, Stores, health, serve, unknown};
use crate::admin::{self, Admin, SERVICES, Service};
use crate::config::{AdminConfig, Config};
use crate::proto::service::admin_service_server::AdminServiceServer;
use crate::proto::service::data_proxy_service_server::DataProxyServiceServer;
use crate::proto::service::signal_service_server::SignalServiceServer;

mod secrets;

/// Largest message, in bytes: compiled workflows are larger than gRPC's default.
pub(super) const MESSAGE_MAX: usize = 64 << 20;

pub(super) fn run(context: ContainerContext, stores: Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>> {
    async move {
        let line = CommandLine::read(&context)?;
        let config = line.config(&context)?;
        match line.words()[..] {
            ["serve"] => serve_admin(&context, &config, &stores).await,
            ["migrate", "run"] => migrate(&context, &config, &stores, &[]),
            ["migrate", "seed-projects", ref projects @ ..] => migrate(&context, &config, &stores, projects),
            ["clusterresource", "sync"] => {
                let mut controller = controller(&context, &config, &stores)?;
                controller.pass().await.map_err(Failure::new)?;
                Ok(ExitStatus::SUCCESS)
            }
            ["clusterresource", "run"] => {
                let mut controller = controller(&context, &config, &stores)?;
                tokio::select! {
                    biased;
                    () = context.stop.cancelled() => {}
                    () = controller.run(&context.log) => {}
                }
                Ok(ExitStatus::SUCCESS)
            }
            ["secrets", "init"] => secrets::init(&context, line.flag("localPath")?),
            ["secrets", "create"] => {
                let read = read(&config)?;
                secrets::create(&context, &read, line.flag("name")?, line.flag("fromPath")?).await
            }
            _ => Err(line.unknown("flyteadmin")),
        }
    }
    .boxed()
}

async fn serve_admin(context: &ContainerContext, config: &Config, stores: &Stores) -> Result<ExitStatus, Failure> {
    let admin = Arc::new(build(context, config, stores)?);
    let profiler = config.section("flyteadmin").child("profilerPort");
    let profiler = profiler.port(10254).map_err(Failure::new)?;
    let services = services(&Service(admin.clone()));
    let rest = Gateway::new(&SERVICES, services.clone().prepare()).map_err(Failure::new)?;
    let answer = move |request: Request<Incoming>| {
        let rest = rest.clone();
        async move {
            Ok(match request.uri().path() {
                "/healthcheck" => Response::default(),
                _ => rest.answer(request).await,
            })
        }
    };
    serve::serve(context, admin.config.http_port, None, tower::service_fn(answer)).await?;
    serve::pages(context, profiler, None, &[("/healthcheck", ""), ("/metrics", "")]).await?;
    grpc(context, admin.config.grpc_port, services, "flyteadmin").await?;
    health::answer_probes(context, admin.config.http_port);
    context.log.line("Serving on the gRPC and HTTP ports");
    Ok(until_stopped(context).await)
}

fn services(service: &Service) -> Routes {
    let admin = AdminServiceServer::new(service.clone())
        .max_decoding_message_size(MESSAGE_MAX)
        .max_encoding_message_size(MESSAGE_MAX);
    Routes::new(admin)
        .add_service(DataProxyServiceServer::new(service.clone()))
        .add_service(SignalServiceServer::new(service.clone()))
}

/// Serves gRPC with the health service, under the names that Flyte's server gives it.
pub(super) async fn grpc(context: &ContainerContext, port: u16, routes: Routes, name: &str) -> Result<(), Failure> {
    let (reporter, health) = tonic_health::server::health_reporter();
    for service in ["", name] {
        let status = tonic_health::ServingStatus::Serving;
        reporter.set_service_status(service, status).await;
    }
    let routes = routes.add_service(health).into_axum_router().fallback(unknown::answer);
    serve::serve(context, port, None, Routes::from(routes).prepare()).await
}

fn read(config: &Config) -> Result<AdminConfig, Failure> {
    let security = config.section("server").child("security");
    for key in ["useAuth", "secure"] {
        if security.child(key).boolean().map_err(Failure::new)? {
            return Err(Failure(format!(
                "server.security.{key}: not implemented by the reference control plane"
            )));
        }
    }
    AdminConfig::read(config).map_err(Failure::new)
}

fn build(context: &ContainerContext, config: &Config, stores: &Stores) -> Result<Admin, Failure> {
    check_password(context, config)?;
    let config = read(config)?;
    Admin::start(context, config, stores).map_err(|error| Failure(format!("panic: {error}")))
}

fn controller(context: &ContainerContext, config: &Config, stores: &Stores) -> Result<admin::sync::Controller, Failure> {
    check_password(context, config)?;
    let config = read(config)?;
    if config.cluster_resources.standalone {
        return Err(Failure::new(
            "cluster_resources.standaloneDeployment: not implemented by the reference control plane",
        ));
    }
    admin::sync::Controller::start(context, config, stores).map_err(|error| Failure(format!("panic: {error}")))
}

fn migrate(context: &ContainerContext, config: &Config, stores: &Stores, projects: &[&str]) -> Result<ExitStatus, Failure> {
    check_password(context, config)?;
    let database = stores.database(&read(config)?.database).map_err(Failure::new)?;
    for project in projects {
        admin::seed_project(&database, project).map_err(Failure::new)?;
    }
    Ok(ExitStatus::SUCCESS)
}
