//! Controllers of pods that run on.

use crate::value::{Map, Value, json};

use super::{Fields as _, pod, volume};

const ROLLING_UPDATE: &str = "RollingUpdate";

pub(super) fn deployment(deployment: &mut Map) {
    let Some(spec) = deployment.object("spec") else { return };
    spec.default("replicas", 1);
    spec.default("revisionHistoryLimit", 10);
    spec.default("progressDeadlineSeconds", 600);
    rolling_update(
        spec.object_or_new("strategy"),
        &[("maxUnavailable", json!("25%")), ("maxSurge", json!("25%"))],
    );
    pod::template(spec);
}

pub(super) fn replica_set(set: &mut Map) {
    let Some(spec) = set.object("spec") else { return };
    spec.default("replicas", 1);
    pod::template(spec);
}

pub(super) fn stateful_set(set: &mut Map) {
    let Some(spec) = set.object("spec") else { return };
    spec.default("replicas", 1);
    spec.default("revisionHistoryLimit", 10);
    spec.default("podManagementPolicy", "OrderedReady");
    rolling_update(spec.object_or_new("updateStrategy"), &[("partition", json!(0))]);
    let retention = spec.object_or_new("persistentVolumeClaimRetentionPolicy");
    retention.default("whenDeleted", "Retain");
    retention.default("whenScaled", "Retain");
    spec.each("volumeClaimTemplates", |claim| {
        claim.insert("apiVersion".to_owned(), "v1".into());
        claim.insert("kind".to_owned(), "PersistentVolumeClaim".into());
        volume::persistent_volume_claim(claim);
    });
    pod::template(spec);
}

pub(super) fn daemon_set(set: &mut Map) {
    // An internal counter of Kubernetes that no API version shows in another way.
    let metadata = set.object_or_new("metadata");
    metadata
        .object_or_new("annotations")
        .default("deprecated.daemonset.template.generation", "1");
    let Some(spec) = set.object("spec") else { return };
    spec.default("revisionHistoryLimit", 10);
    rolling_update(
        spec.object_or_new("updateStrategy"),
        &[("maxUnavailable", json!(1)), ("maxSurge", json!(0))],
    );
    pod::template(spec);
}

pub(super) fn replication_controller(controller: &mut Map) {
    let Some(spec) = controller.object("spec") else { return };
    let labels = spec
        .object("template")
        .and_then(|template| template.object("metadata"))
        .and_then(|metadata| metadata.get("labels").cloned());
    spec.default("replicas", 1);
    if let Some(labels) = labels.clone() {
        spec.default("selector", labels);
    }
    pod::template(spec);
    if let Some(labels) = labels {
        controller.object_or_new("metadata").default("labels", labels);
    }
}

fn rolling_update(strategy: &mut Map, parameters: &[(&str, Value)]) {
    strategy.default("type", ROLLING_UPDATE);
    if strategy.text("type") == ROLLING_UPDATE {
        let update = strategy.object_or_new("rollingUpdate");
        for (name, value) in parameters {
            update.default(name, value.clone());
        }
    }
}
