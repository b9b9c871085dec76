//! What is accepted with a warning.

use crate::kinds::Kind;
use crate::value::Value;

use super::rules::{items, quantity, text};

const NULL_SELECTOR: &str = "a null labelSelector results in matching no pod";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Labels of nodes that have other names by now, with since when and the name.
const OLD_LABELS: &[(&str, &str, &str)] = &[
    ("beta.kubernetes.io/arch", "v1.14", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "v1.14", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "v1.17", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "v1.17", "topology.kubernetes.io/zone"),
    ("beta.kubernetes.io/instance-type", "v1.17", "node.kubernetes.io/instance-type"),
];

/// Warnings about an object.
pub(crate) fn warnings(kind: &Kind, object: &Value) -> Vec<String> {
    let mut out = vec![];
    let spec = &object["spec"];
    match (kind.resource.group(), kind.kind.as_str()) {
        ("", "Service") => service(spec, &mut out),
        ("", "Pod") => pod(spec, "spec", &mut out),
        ("", "PodTemplate") => pod(&object["template"]["spec"], "template.spec", &mut out),
        ("", "ReplicationController") | ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") | ("batch", "Job") => {
            pod(&spec["template"]["spec"], "spec.template.spec", &mut out);
        }
        ("batch", "CronJob") => {
            let template = &spec["jobTemplate"]["spec"]["template"]["spec"];
            pod(template, "spec.jobTemplate.spec.template.spec", &mut out);
        }
        _ => {}
    }
    out
}

fn service(spec: &Value, out: &mut Vec<String>) {
    let mut warn = |text: &str| out.push(text.to_owned());
    let external = !items(&spec["externalIPs"]).is_empty();
    if external {
        warn("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
    }
    if spec["clusterIP"] == "None" {
        if !text(&spec["loadBalancerIP"]).is_empty() {
            warn("spec.loadBalancerIP is ignored for headless services");
        }
        if external {
            warn("spec.externalIPs is ignored for headless services");
        }
        if spec["sessionAffinity"] == "ClientIP" {
            warn("spec.SessionAffinity is ignored for headless services");
        }
    }
    if spec["type"] == "ExternalName" {
        if external {
            warn("spec.externalIPs is ignored when spec.type is \"ExternalName\"");
        }
    } else if !text(&spec["externalName"]).is_empty() {
        warn("spec.externalName is ignored when spec.type is not \"ExternalName\"");
    }
}

fn pod(spec: &Value, base: &str, out: &mut Vec<String>) {
    for (key, _) in spec["nodeSelector"].as_object().into_iter().flatten() {
        if let Some((_, since, name)) = OLD_LABELS.iter().find(|(old, ..)| *old == key.as_str()) {
            out.push(format!(
                "{base}.nodeSelector[{key}]: deprecated since {since}; use {name:?} instead"
            ));
        }
    }
    for (i, constraint) in items(&spec["topologySpreadConstraints"]).iter().enumerate() {
        if constraint["labelSelector"].is_null() {
            out.push(format!("{base}.topologySpreadConstraints[{i}].labelSelector: {NULL_SELECTOR}"));
        }
    }
    for (i, secret) in items(&spec["imagePullSecrets"]).iter().enumerate() {
        if text(&secret["name"]).is_empty() {
            out.push(format!("{base}.imagePullSecrets[{i}].name: invalid empty name \"\""));
        }
    }
    for field in ["initContainers", "containers"] {
        for (i, container) in items(&spec[field]).iter().enumerate() {
            fractions(&container["resources"], &format!("{base}.{field}[{i}].resources"), out);
            hidden_variables(&container["env"], &format!("{base}.{field}[{i}].env"), out);
        }
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let affinity = &spec["affinity"][kind];
        let place = format!("{base}.affinity.{kind}");
        for (i, term) in items(&affinity[REQUIRED]).iter().enumerate() {
            if term["labelSelector"].is_null() {
                out.push(format!("{place}.{REQUIRED}[{i}].labelSelector: {NULL_SELECTOR}"));
            }
        }
        for (i, term) in items(&affinity[PREFERRED]).iter().enumerate() {
            if term["podAffinityTerm"]["labelSelector"].is_null() {
                let field = "podAffinityTerm.labelSelector";
                out.push(format!("{place}.{PREFERRED}[{i}].{field}: {NULL_SELECTOR}"));
            }
        }
    }
}

/// Bytes come whole.
fn fractions(resources: &Value, place: &str, out: &mut Vec<String>) {
    for list in ["limits", "requests"] {
        for resource in ["memory", "ephemeral-storage"] {
            let value = &resources[list][resource];
            if quantity(value).is_some_and(|q| q.nano % 1_000_000_000 != 0) {
                let shown = text(value);
                out.push(format!(
                    "{place}.{list}[{resource}]: fractional byte value {shown:?} is invalid, must be an integer"
                ));
            }
        }
    }
}

fn hidden_variables(variables: &Value, place: &str, out: &mut Vec<String>) {
    let names: Vec<&str> = items(variables).iter().map(|v| text(&v["name"])).collect();
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            out.push(format!(
                "{place}[{i}]: hides previous definition of {name:?}, which may be dropped when using apply"
            ));
        }
    }
}
