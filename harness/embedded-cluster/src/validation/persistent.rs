//! What PersistentVolumes are made from, where it differs from volumes of pods.

use crate::value::Value;

use super::pods;
use super::rules::{Check, Rule, apply, text};
use crate::status::Cause;

/// The Secrets of a CSI volume, in the order in which Kubernetes looks at them.
const SECRETS: &[&str] = &[
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
];

const REFERENCE: &[Rule] = &[("name", Check::Required), ("namespace", Check::Required)];

/// A source of a kind at `place`, which ends in the kind.
pub(super) fn check(kind: &str, source: &Value, place: &str, causes: &mut Vec<Cause>) {
    if kind == "csi" {
        return csi(source, place, causes);
    }
    pods::volume_source(kind, source, place, causes);
    // These two may be missing, but not empty.
    let is_empty = |field: &str| source[field].is_string() && text(&source[field]).is_empty();
    match kind {
        "glusterfs" if is_empty("endpointsNamespace") => causes.push(Cause::invalid(
            format!("{place}.endpointsNamespace"),
            &source["endpointsNamespace"],
            "if the endpointnamespace is set, it must be a valid namespace name",
        )),
        "azureFile" if is_empty("secretNamespace") => causes.push(Cause::required(format!("{place}.secretNamespace"), "")),
        "iscsi" => pods::secret(&source["secretRef"], &format!("{place}.secretRef"), causes),
        _ => {}
    }
}

fn csi(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    pods::csi_driver(&source["driver"], &format!("{place}.driver"), causes);
    apply(&[("volumeHandle", Check::Required)], source, place, causes);
    for field in SECRETS.iter().filter(|field| source[**field].is_object()) {
        apply(REFERENCE, &source[*field], &format!("{place}.{field}"), causes);
    }
}
