//! Whether one cluster reaches another: what a pod there would see.

use std::time::Duration;

use futures::TryFutureExt;
use http::Uri;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{DeleteParams, LogParams, PostParams};
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt};
use serde_json::json;
use simnet::Network;
use tokio::time::Instant;

use crate::backend::Vantage;
use crate::backend::faults::Way;
use crate::probe::{Fault, Finding, IMAGE};
use crate::run::context::Context;

/// How long a connection may take before nobody is there.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a probe's pod may take: it may wait for a name server as long as for the connection.
const POD: Duration = Duration::from_secs(60);
/// Trips of one connection with TLS and a request, at most.
const TRIPS: u32 = 8;

/// Connects from a cluster to the API server of another, and tells how long it took. `late` is what each trip may take.
///
/// # Errors
/// Why it does not get there.
pub(super) async fn connect(context: &Context<'_>, way: Way<'_>, late: Duration) -> Result<Duration, String> {
    let target = context.cluster(way.to).map_err(|failure| failure.message)?.api(Vantage::Pods);
    match context.world.links() {
        Some(network) => by_hand(network, way.from, &target, LIMIT + late * TRIPS).await,
        None => {
            let limit = POD + late * TRIPS;
            let asked = tokio::time::timeout(limit * 2, by_pod(context, way, &target, limit)).await;
            asked.unwrap_or_else(|_| Err(format!("{} does not run a probe", way.from)))
        }
    }
}

async fn by_hand(network: &Network, from: &str, target: &str, limit: Duration) -> Result<Duration, String> {
    let uri: Uri = target.parse().map_err(|error| format!("{target}: {error}"))?;
    let begun = Instant::now();
    let host = network.host(from, "multiplane-probe");
    let connect = host.connect(uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(443));
    match tokio::time::timeout(limit, connect).await {
        Ok(Ok(_)) => Ok(begun.elapsed()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("dial tcp {target}: no answer within {} s", limit.as_secs())),
    }
}

/// The probe of credentials, with a token that is none: an API server that refuses it was reached.
async fn by_pod(context: &Context<'_>, way: Way<'_>, target: &str, limit: Duration) -> Result<Duration, String> {
    let text = |error: kube::Error| error.to_string();
    let ca = context.cluster(way.to).map_err(|failure| failure.message)?.ca().to_owned();
    let client = context.client(way.from).map_err(|failure| failure.message)?;
    let (secrets, pods): (Api<Secret>, Api<Pod>) = (Api::default_namespaced(client.clone()), Api::default_namespaced(client));
    let secret = json!({"metadata": {"generateName": "multiplane-reach-"}, "stringData": {"token": "none", "ca": ca}});
    let secret = serde_json::from_value(secret).map_err(|error| error.to_string())?;
    let name = secrets.create(&PostParams::default(), &secret).map_err(text).await?.name_any();
    let container = json!({
        "name": "probe", "image": IMAGE, "args": [target, "/c/token", "/c/ca"], "volumeMounts": [{"name": "c", "mountPath": "/c"}],
    });
    let volumes = json!([{"name": "c", "secret": {"secretName": name}}]);
    let pod = json!({"metadata": {"name": name}, "spec": {"restartPolicy": "Never", "containers": [container], "volumes": volumes}});
    let pod = serde_json::from_value(pod).map_err(|error| error.to_string())?;
    pods.create(&PostParams::default(), &pod).map_err(text).await?;
    let ended = await_condition(pods.clone(), &name, |pod: Option<&Pod>| {
        phase(pod).is_some_and(|phase| phase != "Pending" && phase != "Running")
    });
    let ended = tokio::time::timeout(limit, ended).await;
    let log = match &ended {
        Ok(Ok(_)) => pods.logs(&name, &LogParams::default()).await.map_err(text),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("{target}: no answer within {} s", limit.as_secs())),
    };
    // Whatever was found; the world is removed as a whole anyway.
    let _ = pods.delete(&name, &DeleteParams::default().grace_period(0)).await;
    let _ = secrets.delete(&name, &DeleteParams::default()).await;
    let log = log?;
    let finding: Finding = serde_json::from_str(log.trim()).map_err(|error| format!("the probe printed {log:?}: {error}"))?;
    match finding.fault {
        None | Some(Fault::Unauthorized { .. }) => Ok(ended.ok().and_then(Result::ok).flatten().as_ref().and_then(ran).unwrap_or_default()),
        Some(fault) => Err(fault.to_string()),
    }
}

fn phase(pod: Option<&Pod>) -> Option<&str> {
    pod?.status.as_ref()?.phase.as_deref()
}

/// How long a pod's container ran, in whole seconds.
fn ran(pod: &Pod) -> Option<Duration> {
    let state = pod.status.as_ref()?.container_statuses.as_ref()?.first()?.state.as_ref()?;
    let ended = state.terminated.as_ref()?;
    let time = ended.finished_at.as_ref()?.0.duration_since(ended.started_at.as_ref()?.0);
    Duration::try_from(time).ok()
}
