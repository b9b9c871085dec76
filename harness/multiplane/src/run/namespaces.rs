//! The scenario's own namespaces.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};

use super::names::Clusters;
use super::plan::Plan;
use crate::backend::BackendError;
use crate::journal::{Emitter, Level};

/// Whose a namespace is: the scenario's name.
const OWNER: &str = "multiplane.dev/scenario";

/// Makes the scenario's namespaces, on each cluster those that it is to have. One that is there already is somebody else's.
pub(super) async fn make(plan: &Plan, clusters: &Clusters, emitter: &Emitter) -> Result<(), BackendError> {
    let scenario = &plan.loaded.scenario;
    let wanted = scenario.namespaces.values().flat_map(|namespace| {
        let on = clusters.values().filter(|cluster| {
            let chosen = |on: &scenario::OneOrMany<String>| on.iter().any(|id| id.value == cluster.id());
            namespace.on.as_ref().is_none_or(chosen)
        });
        on.map(move |cluster| (namespace, cluster))
    });
    let made = wanted.map(async |(namespace, cluster)| {
        let name = namespace.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        let mut labels: BTreeMap<String, String> = namespace.labels.clone();
        labels.insert(OWNER.to_owned(), plan.name().to_owned());
        let object = Namespace {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let api: Api<Namespace> = Api::all(cluster.client());
        let created = api.create(&PostParams::default(), &object).await;
        created.map_err(|error| BackendError::Start {
            cluster: cluster.id().to_owned(),
            message: format!("namespace {name}: {error}"),
        })?;
        emitter
            .cluster(cluster.id())
            .note(Level::Detail, format!("{}: namespace {name}", cluster.id()));
        Ok(())
    });
    try_join_all(made).await.map(drop)
}
