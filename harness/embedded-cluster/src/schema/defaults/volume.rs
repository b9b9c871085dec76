//! Volumes, claims and storage classes.

use crate::value::{Map, json};

use super::Fields as _;

/// `rw-r--r--`.
const FILE_MODE: i64 = 0o644;

pub(super) fn pod_volume(volume: &mut Map) {
    let has_source = volume.iter().any(|(name, source)| name != "name" && source.is_object());
    if !has_source {
        volume.insert("emptyDir", json!({}));
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = volume.object(source) {
            source.default("defaultMode", FILE_MODE);
            source.each("items", field_reference);
            source.each("sources", |source| {
                if let Some(token) = source.object("serviceAccountToken") {
                    token.default("expirationSeconds", 3600);
                }
                if let Some(downward) = source.object("downwardAPI") {
                    downward.each("items", field_reference);
                }
            });
        }
    }
    if let Some(path) = volume.object("hostPath") {
        path.default("type", "");
    }
    let template = volume.object("ephemeral").and_then(|source| source.object("volumeClaimTemplate"));
    if let Some(spec) = template.and_then(|template| template.object("spec")) {
        spec.default("volumeMode", "Filesystem");
    }
}

fn field_reference(item: &mut Map) {
    if let Some(field) = item.object("fieldRef") {
        field.default("apiVersion", "v1");
    }
}

pub(super) fn persistent_volume(volume: &mut Map) {
    if let Some(spec) = volume.object("spec") {
        spec.default("persistentVolumeReclaimPolicy", "Retain");
        spec.default("volumeMode", "Filesystem");
        if let Some(path) = spec.object("hostPath") {
            path.default("type", "");
        }
    }
    volume.object_or_new("status").default("phase", "Pending");
}

pub(super) fn persistent_volume_claim(claim: &mut Map) {
    if let Some(spec) = claim.object("spec") {
        spec.default("volumeMode", "Filesystem");
    }
    claim.object_or_new("status").default("phase", "Pending");
}

pub(super) fn storage_class(class: &mut Map) {
    class.default("reclaimPolicy", "Delete");
    class.default("volumeBindingMode", "Immediate");
}

pub(super) fn csi_driver(driver: &mut Map) {
    let Some(spec) = driver.object("spec") else { return };
    spec.default("attachRequired", true);
    spec.default("fsGroupPolicy", "ReadWriteOnceWithFSType");
    spec.default("volumeLifecycleModes", json!(["Persistent"]));
    for flag in ["podInfoOnMount", "requiresRepublish", "seLinuxMount", "storageCapacity"] {
        spec.default(flag, false);
    }
}
