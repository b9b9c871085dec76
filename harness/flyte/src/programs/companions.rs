//! Programs of an installation that placement does not depend on. They read their configuration, listen on their ports
//! and answer health checks; they offer no API.

use futures::FutureExt;
use futures::future::BoxFuture;
use virtual_node::{ContainerContext, ExitStatus};

use super::command_line::CommandLine;
use super::serve::pages;
use super::{Failure, Stores};
use crate::config::Config;

/// flytescheduler: `precheck` and `run`. It starts no schedules.
pub(super) fn scheduler(context: ContainerContext, _: Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>> {
    async move {
        let line = CommandLine::read(&context)?;
        let config = line.config(&context)?;
        match line.words()[..] {
            ["precheck"] => Ok(ExitStatus::SUCCESS),
            ["run"] => {
                check_password(&context, &config)?;
                pages(&context, 10254, None, &[("/healthcheck", ""), ("/metrics", "")]).await?;
                Ok(until_stopped(&context).await)
            }
            _ => Err(line.unknown("flytescheduler")),
        }
    }
    .boxed()
}

/// flyteconsole: a web server whose pages are not ours to show.
pub(super) fn console(context: ContainerContext, _: Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>> {
    async move {
        const NOTE: &str = "The reference planes have no console.\n";
        pages(&context, 8080, None, &[("/healthz", ""), ("/console", NOTE)]).await?;
        Ok(until_stopped(&context).await)
    }
    .boxed()
}

/// Waits for SIGTERM.
pub(super) async fn until_stopped(context: &ContainerContext) -> ExitStatus {
    context.stop.cancelled().await;
    ExitStatus::SUCCESS
}

/// A database whose password file is missing stops every program that uses it.
pub(super) fn check_password(context: &ContainerContext, config: &Config) -> Result<(), Failure> {
    let path = config.section("database").child("passwordPath").string().map_err(Failure::new)?;
    if !path.is_empty() {
        context
            .files
            .read(&path)
            .map_err(|error| Failure(format!("failed to read database password from path [{path}]: {error}")))?;
    }
    Ok(())
}
