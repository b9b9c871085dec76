//! Pods of a workload that are killed, for a moment or until the fault is mended.

use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::runtime::wait::{await_condition, conditions::is_deleted};
use kube::{Api, ResourceExt};
use scenario::verb::{Fault, Verdict, Workload, WorkloadOf};
use serde_json::json;

use super::{bites, hold, on_nothing};
use crate::backend::faults::Undo;
use crate::run::context::Context;
use crate::run::step::failure::{Failure, within};
use crate::run::step::restart::rolled_out;

/// How long a workload may take to be up again.
const UP: std::time::Duration = std::time::Duration::from_secs(300);

/// Kills a workload's pods, and waits until each of them is gone.
pub(super) async fn kill(context: &Context<'_>, step: &Fault, workload: &WorkloadOf) -> Result<(), Failure> {
    let cluster = &workload.cluster.value;
    let what = format!("{} {}/{} on {cluster}", workload.kind.as_str(), workload.namespace, workload.name);
    let kinds = context.kinds(cluster)?;
    let (api, _) = kinds.api("apps/v1", workload.kind.as_str(), Some(&workload.namespace)).await?;
    let found = api
        .get_opt(&workload.name)
        .await?
        .ok_or_else(|| on_nothing(format!("there is no {what}")))?;
    if let Verdict::Crash(crash) = step.verdict {
        return super::crash::crash(context, step, workload, crash, (api, &found)).await;
    }
    let pods: Api<Pod> = Api::namespaced(context.client(cluster)?, &workload.namespace);
    let alive = pods.list(&ListParams::default().labels(&selector(&found))).await?.items;
    if alive.is_empty() {
        return Err(on_nothing(format!("{what} has no pods")));
    }
    let replicas = match (step.verdict, workload.kind) {
        (Verdict::Stop, Workload::DaemonSet) => {
            return Err(Failure::invalid("fault", "a DaemonSet has no replicas to take away; use `kill`"));
        }
        (Verdict::Stop, _) => Some(found.data["spec"]["replicas"].as_i64().unwrap_or(1)),
        _ => None,
    };
    hold(context, step, up(api.clone(), workload.clone(), replicas)).await;
    if replicas.is_some() {
        scale(&api, &workload.name, 0).await?;
    }
    let at_once = DeleteParams::default().grace_period(0);
    let limit = context.scenario().settings.within.get();
    let killed = alive.iter().map(async |pod| {
        let (name, uid) = (pod.name_any(), pod.uid().unwrap_or_default());
        match pods.delete(&name, &at_once).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            other => drop(other?),
        }
        let gone = await_condition(pods.clone(), &name, is_deleted(&uid));
        within(limit, &format!("the end of pod {name}"), gone).await??;
        Ok::<_, Failure>(name)
    });
    let names = try_join_all(killed).await?;
    let until = if replicas.is_some() { ", and no other comes" } else { "" };
    bites(
        context,
        &format!(
            "{what}: {} {} gone{until}",
            names.join(", "),
            if names.len() == 1 { "is" } else { "are" }
        ),
    );
    Ok(())
}

async fn scale(api: &Api<DynamicObject>, name: &str, replicas: i64) -> Result<DynamicObject, kube::Error> {
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    api.patch(name, &PatchParams::default(), &patch).await
}

/// Scales the workload to what it was, and waits until it is up.
pub(super) fn up(api: Api<DynamicObject>, workload: WorkloadOf, replicas: Option<i64>) -> Undo {
    Box::pin(async move {
        let text = |error: kube::Error| error.to_string();
        let now = match replicas {
            Some(replicas) => scale(&api, &workload.name, replicas).await.map_err(text)?,
            None => api.get(&workload.name).await.map_err(text)?,
        };
        let generation = now.metadata.generation.unwrap_or_default();
        let done = await_condition(api, &workload.name, |object: Option<&DynamicObject>| {
            object.is_some_and(|object| rolled_out(workload.kind, object, generation))
        });
        match tokio::time::timeout(UP, done).await {
            Ok(Ok(_)) => Ok(format!("{} {}/{} is up", workload.kind.as_str(), workload.namespace, workload.name)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!(
                "{}/{} is not up after {} s",
                workload.namespace,
                workload.name,
                UP.as_secs()
            )),
        }
    })
}

/// The labels by which a workload knows its pods.
pub(super) fn labels(workload: &DynamicObject) -> impl Iterator<Item = (String, String)> {
    let labels = workload.data["spec"]["selector"]["matchLabels"].as_object();
    let pairs = labels.into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
}

/// These labels, as requests name them.
fn selector(workload: &DynamicObject) -> String {
    let pairs = labels(workload).map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join(",")
}
