//! The hooks after a container's start and before its stop.

use std::time::Duration;

use k8s_openapi::api::core::v1::LifecycleHandler;
use tokio::time::sleep;

use super::checks::Check;
use super::container::Supervisor;
use super::probes::{Prober, Unhealthy};
use crate::node::Severity;

/// Hooks have no timeout of their own; a stop ends them.
const NO_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Runs the hook after the start, if there is one. A failure ends the container.
pub(crate) async fn post_start(of: &Supervisor, prober: &Prober) -> Result<(), Unhealthy> {
    let Some(hook) = of.container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref()) else {
        return Ok(());
    };
    run(hook, prober).await.map_err(|error| {
        let message = format!("PostStartHook failed: {error}");
        of.ctx
            .container_event(&of.container, Severity::Warning, "FailedPostStartHook", message);
        Unhealthy {
            message: "FailedPostStartHook".to_owned(),
            grace: None,
        }
    })
}

/// Runs the hook before the stop, if there is one. A failure is told and changes nothing.
pub(crate) async fn pre_stop(of: &Supervisor, prober: &Prober) {
    let Some(hook) = of.container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref()) else {
        return;
    };
    if let Err(error) = run(hook, prober).await {
        let message = format!("PreStopHook failed: {error}");
        of.ctx
            .container_event(&of.container, Severity::Warning, "FailedPreStopHook", message);
    }
}

async fn run(hook: &LifecycleHandler, prober: &Prober) -> Result<(), String> {
    if let Some(pause) = &hook.sleep {
        sleep(Duration::from_secs(u64::try_from(pause.seconds).unwrap_or(0))).await;
        return Ok(());
    }
    match Check::of_hook(hook) {
        Some(check) if !prober.is_scripted() => Box::pin(check.run(prober.target(), NO_TIMEOUT)).await,
        _ => Ok(()),
    }
}
