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
    source(volume);
    let template = volume.object("ephemeral").and_then(|source| source.object("volumeClaimTemplate"));
    if let Some(spec) = template.and_then(|template| template.object("spec")) {
        spec.default("volumeMode", "Filesystem");
    }
}

/// What volumes of pods and persistent volumes have in common.
fn source(volume: &mut Map) {
    const DEFAULTS: &[(&str, &[(&str, &str)])] = &[
        ("hostPath", &[("type", "")]),
        ("iscsi", &[("iscsiInterface", "default")]),
        ("rbd", &[("pool", "rbd"), ("user", "admin"), ("keyring", "/etc/ceph/keyring")]),
        ("azureDisk", &[("cachingMode", "ReadWrite"), ("fsType", "ext4"), ("kind", "Shared")]),
        ("scaleIO", &[("storageMode", "ThinProvisioned"), ("fsType", "xfs")]),
    ];
    for (source, fields) in DEFAULTS {
        if let Some(source) = volume.object(source) {
            fields.iter().for_each(|(field, value)| source.default(field, *value));
        }
    }
    if let Some(disk) = volume.object("azureDisk") {
        disk.default("readOnly", false);
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
        source(spec);
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::value::Value;

    /// As a real API server (1.20.2) answers.
    #[rstest]
    #[case(json!({"azureDisk": {"diskName": "d"}}), json!({"azureDisk": {
        "diskName": "d", "cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": false, "kind": "Shared",
    }}))]
    #[case(json!({"iscsi": {"lun": 1}}), json!({"iscsi": {"lun": 1, "iscsiInterface": "default"}}))]
    #[case(json!({"rbd": {"pool": "p"}}), json!({"rbd": {"pool": "p", "user": "admin", "keyring": "/etc/ceph/keyring"}}))]
    #[case(json!({"scaleIO": {}}), json!({"scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"}}))]
    fn storage_systems(#[case] mut volume: Value, #[case] expected: Value) {
        pod_volume(volume.as_object_mut().unwrap());
        assert_eq!(volume, expected);
    }
}
