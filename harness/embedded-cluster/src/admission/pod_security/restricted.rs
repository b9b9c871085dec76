//! What the restricted level demands on top of the baseline.

use std::collections::BTreeSet;

use super::Violation;
use super::baseline;
use super::pod::{Pod, name, named, quoted};
use crate::value::Value;

/// Capabilities that may be added when all were dropped.
const CAPABILITIES: &[&str] = &["NET_BIND_SERVICE"];
const VOLUMES: &[&str] = &[
    "name",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// What a pod violates.
pub(super) fn check(pod: &Pod<'_>) -> Vec<Violation> {
    let mut found = vec![];
    let mut add = |reason: &'static str, details: Vec<String>| {
        let details: Vec<String> = details.into_iter().filter(|detail| !detail.is_empty()).collect();
        if !details.is_empty() {
            found.push(Violation {
                reason,
                detail: details.join("; "),
            });
        }
    };
    let lacking = |what: &str, names: Vec<String>| match names.as_slice() {
        [] => String::new(),
        names => format!("{} must set securityContext.{what}", named("container", names)),
    };
    let escalates = pod.which(|c| c["securityContext"]["allowPrivilegeEscalation"] != false);
    add(
        "allowPrivilegeEscalation != false",
        vec![lacking("allowPrivilegeEscalation=false", escalates)],
    );
    let keeps = pod.which(|c| {
        let mut dropped = c["securityContext"]["capabilities"]["drop"].as_array().into_iter().flatten();
        !dropped.any(|name| *name == "ALL")
    });
    add(
        "unrestricted capabilities",
        vec![
            lacking("capabilities.drop=[\"ALL\"]", keeps),
            baseline::capabilities(pod, CAPABILITIES),
        ],
    );
    add("restricted volume types", vec![volumes(pod)]);
    add("runAsNonRoot != true", non_root(pod));
    add("runAsUser=0", root_user(pod));
    add("seccompProfile", seccomp(pod));
    found
}

fn volumes(pod: &Pod<'_>) -> String {
    let kind = |volume: &Value| {
        let fields = volume.as_object().into_iter().flat_map(|fields| fields.keys());
        fields
            .map(|field| field.to_string())
            .find(|field| !VOLUMES.contains(&field.as_str()))
    };
    let names: Vec<String> = pod.volumes().filter(|volume| kind(volume).is_some()).map(name).collect();
    let kinds: BTreeSet<String> = pod.volumes().filter_map(kind).collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    if names.is_empty() {
        return String::new();
    }
    let uses = if names.len() == 1 { "uses" } else { "use" };
    let plural = if kinds.len() == 1 { "" } else { "s" };
    format!(
        "{} {uses} restricted volume type{plural} {}",
        named("volume", &names),
        quoted(&kinds)
    )
}

fn non_root(pod: &Pod<'_>) -> Vec<String> {
    let own = &pod.context()["runAsNonRoot"];
    let of = |container: &Value| container["securityContext"]["runAsNonRoot"].clone();
    let mut details = vec![];
    let mut refusing = vec![];
    let explicit = pod.which(|container| of(container) == false);
    if !explicit.is_empty() {
        refusing.push(named("container", &explicit));
    }
    let implicit = pod.which(|container| of(container).is_null());
    if *own == false {
        refusing.insert(0, "pod".to_owned());
    }
    if !refusing.is_empty() {
        details.push(format!(
            "{} must not set securityContext.runAsNonRoot=false",
            refusing.join(" and ")
        ));
    } else if !implicit.is_empty() && *own != true {
        details.push(format!(
            "pod or {} must set securityContext.runAsNonRoot=true",
            named("container", &implicit)
        ));
    }
    details
}

fn root_user(pod: &Pod<'_>) -> Vec<String> {
    let mut who = vec![];
    if pod.context()["runAsUser"] == 0 {
        who.push("pod".to_owned());
    }
    let names = pod.which(|container| container["securityContext"]["runAsUser"] == 0);
    if !names.is_empty() {
        who.push(named("container", &names));
    }
    if who.is_empty() {
        return vec![];
    }
    vec![format!("{} must not set runAsUser=0", who.join(" and "))]
}

fn seccomp(pod: &Pod<'_>) -> Vec<String> {
    let of = |context: &Value| context["seccompProfile"]["type"].clone();
    let refused = baseline::unconfined(pod);
    let unset = pod.which(|container| of(&container["securityContext"]).is_null());
    if refused.is_empty() && of(pod.context()).is_null() && !unset.is_empty() {
        return vec![format!(
            "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            named("container", &unset)
        )];
    }
    vec![refused]
}
