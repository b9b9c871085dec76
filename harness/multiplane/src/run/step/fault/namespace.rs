//! A namespace that is full, or gone.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace, Pod, ResourceQuota};
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::runtime::wait::{await_condition, conditions::is_deleted};
use kube::{Api, Client};
use scenario::verb::{Fault, NamespaceOf, Verdict};
use serde_json::json;

use super::{bites, hold, on_nothing, without_effect};
use crate::backend::faults::Undo;
use crate::run::context::Context;
use crate::run::step::failure::{Failure, within};

/// The quota that a full namespace has.
const QUOTA: &str = "multiplane-full";

/// Fills a namespace, or removes it.
pub(super) async fn befall(context: &Context<'_>, step: &Fault, namespace: &NamespaceOf) -> Result<(), Failure> {
    let client = context.client(&namespace.cluster.value)?;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let found = namespaces.get_opt(&namespace.name).await?;
    let found = found.ok_or_else(|| on_nothing(format!("{} has no namespace {}", namespace.cluster.value, namespace.name)))?;
    match step.verdict {
        Verdict::Full => fill(context, step, &client, &namespace.name).await,
        _ => remove(context, step, &namespaces, found.metadata).await,
    }
}

async fn fill(context: &Context<'_>, step: &Fault, client: &Client, namespace: &str) -> Result<(), Failure> {
    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), namespace);
    let quota = serde_json::from_value(json!({"metadata": {"name": QUOTA}, "spec": {"hard": {"pods": "0"}}}));
    let quota: ResourceQuota = quota.map_err(|error| Failure::fault("quota", error.to_string()))?;
    hold(context, step, unfill(quotas.clone(), namespace.to_owned())).await;
    quotas.create(&PostParams::default(), &quota).await?;
    let pod = json!({"metadata": {"name": "multiplane-full"}, "spec": {"containers": [{"name": "none", "image": "none"}]}});
    let pod: Pod = serde_json::from_value(pod).map_err(|error| Failure::fault("pod", error.to_string()))?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    match pods.create(&dry, &pod).await {
        Err(kube::Error::Api(status)) if status.code == 403 && status.message.contains("quota") => {
            bites(context, &status.message);
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(without_effect(format!("namespace {namespace} takes a pod all the same"))),
    }
}

fn unfill(quotas: Api<ResourceQuota>, namespace: String) -> Undo {
    Box::pin(async move {
        match quotas.delete(QUOTA, &DeleteParams::default()).await {
            Ok(_) => Ok(format!("namespace {namespace} is no longer full")),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(format!("namespace {namespace} was not full")),
            Err(error) => Err(error.to_string()),
        }
    })
}

async fn remove(context: &Context<'_>, step: &Fault, namespaces: &Api<Namespace>, metadata: ObjectMeta) -> Result<(), Failure> {
    let (name, uid) = (metadata.name.unwrap_or_default(), metadata.uid.unwrap_or_default());
    let bring = restore(namespaces.clone(), name.clone(), metadata.labels, metadata.annotations);
    hold(context, step, bring).await;
    namespaces.delete(&name, &DeleteParams::default()).await?;
    let limit = context.scenario().settings.within.get();
    let gone = await_condition(namespaces.clone(), &name, is_deleted(&uid));
    within(limit, &format!("the end of namespace {name}"), gone).await??;
    bites(context, &format!("namespace {name} is gone, with all that was in it"));
    Ok(())
}

/// Somebody else may have brought it back already.
fn restore(
    namespaces: Api<Namespace>,
    name: String,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
) -> Undo {
    Box::pin(async move {
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                labels,
                annotations,
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        match namespaces.create(&PostParams::default(), &namespace).await {
            Ok(_) => Ok(format!("namespace {name} is there again")),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(format!("namespace {name} was there again already")),
            Err(error) => Err(error.to_string()),
        }
    })
}
