//! `patch` and `delete`: objects that are there.

use std::time::Duration;

use futures::future::join_all;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch as KubePatch, PatchParams, PropagationPolicy};
use kube::core::params::Preconditions;
use kube::runtime::wait::{await_condition, conditions::is_deleted};
use scenario::verb::{Delete, Patch, PatchType, Propagation};
use serde_json::Value;

use super::apply::resolve;
use super::failure::Failure;
use super::joint::on_each;
use crate::run::context::Context;

/// Runs a `patch` step.
pub(crate) async fn patch(context: &Context<'_>, step: &Patch) -> Result<(), Failure> {
    let value = resolve(&step.patch.value, &context.names)?;
    let patch = match step.type_ {
        PatchType::Strategic => KubePatch::Strategic(value),
        PatchType::Merge => KubePatch::Merge(value),
        PatchType::Json => {
            let operations = serde_json::from_value(value);
            KubePatch::Json::<Value>(operations.map_err(|error| Failure::invalid("patch", error.to_string()))?)
        }
    };
    // As kubectl's, so that who changed what reads the same.
    let params = PatchParams {
        field_manager: Some("multiplane".to_owned()),
        ..PatchParams::default()
    };
    on_each(&step.on, async |cluster| {
        let (api, _) = context
            .kinds(cluster)?
            .api(&step.api_version, &step.kind, step.namespace.as_deref())
            .await?;
        let patched = match step.subresource {
            Some(part) => api.patch_subresource(part.as_str(), &step.name, &params, &patch).await,
            None => api.patch(&step.name, &params, &patch).await,
        };
        patched?;
        Ok(())
    })
    .await
}

/// Runs a `delete` step.
pub(crate) async fn delete(context: &Context<'_>, step: &Delete) -> Result<(), Failure> {
    let limit = step.within.unwrap_or(context.scenario().settings.within).get();
    on_each(&step.on, async |cluster| {
        let (api, _) = context
            .kinds(cluster)?
            .api(&step.api_version, &step.kind, step.namespace.as_deref())
            .await?;
        let found = found(&api, step).await?;
        join_all(found.iter().map(|(name, uid)| remove(&api, step, name, uid, limit)))
            .await
            .into_iter()
            .collect()
    })
    .await
}

/// Name and uid of what is to be deleted.
async fn found(api: &Api<DynamicObject>, step: &Delete) -> Result<Vec<(String, String)>, Failure> {
    let objects = match (&step.name, &step.selector) {
        (Some(name), _) if step.ignore_not_found => api.get_opt(name).await?.into_iter().collect(),
        (Some(name), _) => vec![api.get(name).await?],
        (None, selector) => {
            let labels = selector.as_ref().map(|text| text.value.as_str()).unwrap_or_default();
            api.list(&ListParams::default().labels(labels)).await?.items
        }
    };
    let named = objects.into_iter().map(|object| object.metadata);
    Ok(named.filter_map(|metadata| Some((metadata.name?, metadata.uid?))).collect())
}

/// Deletes the object of this uid, not one that has come in its place, and waits until it is gone.
async fn remove(api: &Api<DynamicObject>, step: &Delete, name: &str, uid: &str, limit: Duration) -> Result<(), Failure> {
    let params = DeleteParams {
        propagation_policy: Some(match step.propagation {
            Propagation::Background => PropagationPolicy::Background,
            Propagation::Foreground => PropagationPolicy::Foreground,
            Propagation::Orphan => PropagationPolicy::Orphan,
        }),
        preconditions: Some(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    match api.delete(name, &params).await {
        Ok(_) => {}
        // Somebody else was quicker.
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if step.wait {
        let gone = await_condition(api.clone(), name, is_deleted(uid));
        match tokio::time::timeout(limit, gone).await {
            Ok(gone) => drop(gone?),
            Err(_) => return Err(still_there(api, step, name, limit).await),
        }
    }
    Ok(())
}

/// Says what holds an object that does not go.
async fn still_there(api: &Api<DynamicObject>, step: &Delete, name: &str, limit: Duration) -> Failure {
    let finalizers = match api.get_opt(name).await {
        Ok(Some(object)) => object.metadata.finalizers.unwrap_or_default(),
        _ => Vec::new(),
    };
    let held = if finalizers.is_empty() {
        String::new()
    } else {
        format!(", held by its finalizers {}", finalizers.join(", "))
    };
    let after = crate::report::duration(limit);
    Failure::expectation("timed-out", format!("{} {name} is still there after {after}{held}", step.kind))
}
