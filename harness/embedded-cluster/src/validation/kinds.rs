//! Field rules of kinds that need no more than rules.

use crate::value::Value;

use super::names;
use super::rules::{self, Check, Rule};
use crate::status::Cause;

const SERVICE: &[Rule] = &[
    (
        "spec.type",
        Check::OneOf(&["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
    ),
    ("spec.sessionAffinity", Check::OneOf(&["ClientIP", "None"])),
    ("spec.internalTrafficPolicy", Check::OneOf(&["Cluster", "Local"])),
    ("spec.ports[*].protocol", Check::OneOf(&["SCTP", "TCP", "UDP"])),
    ("spec.ports[*].port", Check::Between(1, 65535)),
    ("spec.ports[*].name", Check::Label),
    ("spec.ports", Check::Unique("name")),
    (
        "spec.trafficDistribution",
        Check::OneOf(&["PreferClose", "PreferSameZone", "PreferSameNode"]),
    ),
];

const CLAIM: &[Rule] = &[
    ("spec.accessModes", Check::RequiredSaying("at least 1 access mode is required")),
    ("spec.volumeMode", Check::OneOf(&["Block", "Filesystem"])),
];

const BINDING: &[Rule] = &[
    ("roleRef.name", Check::Required),
    ("subjects[*].kind", Check::OneOf(&["ServiceAccount", "User", "Group"])),
    ("subjects[*].name", Check::Required),
];

const ROLE: &[Rule] = &[("rules[*].verbs", Check::RequiredSaying("verbs must contain at least one value"))];

const INGRESS: &[Rule] = &[
    (
        "spec.rules[*].http.paths[*].pathType",
        Check::RequiredSaying("pathType must be specified"),
    ),
    ("spec.tls[*].hosts[*]", Check::Subdomain),
    ("spec.tls[*].secretName", Check::Subdomain),
    ("spec.ingressClassName", Check::Subdomain),
];

const STORAGE_CLASS: &[Rule] = &[
    ("provisioner", Check::Required),
    ("reclaimPolicy", Check::OneOf(&["Delete", "Retain"])),
    ("volumeBindingMode", Check::OneOf(&["Immediate", "WaitForFirstConsumer"])),
];

const PRIORITY_CLASS: &[Rule] = &[("preemptionPolicy", Check::OneOf(&["PreemptLowerPriority", "Never"]))];

const LEASE: &[Rule] = &[
    ("spec.leaseDurationSeconds", Check::Between(1, i32::MAX as i64)),
    ("spec.leaseTransitions", Check::NotNegative),
];

const CONFIG_MAP: &[Rule] = &[("data", Check::ConfigKeys), ("binaryData", Check::ConfigKeys)];

const SECRET: &[Rule] = &[("data", Check::ConfigKeys)];

/// Keys that Secrets of a type must have.
const SECRET_KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
];

/// The rules of a kind; none for kinds that have no more than metadata.
pub(super) fn check(group: &str, plural: &str, object: &Value, causes: &mut Vec<Cause>) {
    let rules: &[Rule] = match (group, plural) {
        ("", "services") => SERVICE,
        ("", "persistentvolumeclaims") => CLAIM,
        ("", "configmaps") => CONFIG_MAP,
        ("", "secrets") => SECRET,
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings") => BINDING,
        ("rbac.authorization.k8s.io", "roles" | "clusterroles") => ROLE,
        ("networking.k8s.io", "ingresses") => INGRESS,
        ("storage.k8s.io", "storageclasses") => STORAGE_CLASS,
        ("scheduling.k8s.io", "priorityclasses") => PRIORITY_CLASS,
        ("coordination.k8s.io", "leases") => LEASE,
        _ => return,
    };
    rules::apply(rules, object, "", causes);
    match (group, plural) {
        ("", "services") => service(&object["spec"], causes),
        ("", "secrets") => secret(object, causes),
        _ => {}
    }
}

fn service(spec: &Value, causes: &mut Vec<Cause>) {
    let headless = spec["clusterIP"] == "None";
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    if spec["type"] == "ExternalName" {
        match spec["externalName"].as_str().unwrap_or_default().trim_end_matches('.') {
            "" => causes.push(Cause::required("spec.externalName", "")),
            name => {
                let faults = names::subdomain(name);
                causes.extend(faults.iter().map(|f| Cause::invalid("spec.externalName", &name.into(), f)));
            }
        }
    } else if ports.is_empty() && !headless {
        causes.push(Cause::required("spec.ports", ""));
    }
    if ports.len() > 1 {
        for (i, _) in ports
            .iter()
            .enumerate()
            .filter(|(_, p)| p["name"].as_str().unwrap_or_default().is_empty())
        {
            causes.push(Cause::required(format!("spec.ports[{i}].name"), ""));
        }
    }
    super::metadata::labels(&spec["selector"], "spec.selector", causes);
}

fn secret(object: &Value, causes: &mut Vec<Cause>) {
    let kind = object["type"].as_str().unwrap_or_default();
    let Some((_, keys)) = SECRET_KEYS.iter().find(|(k, _)| *k == kind) else {
        return;
    };
    for key in keys.iter().filter(|key| object["data"].get(**key).is_none()) {
        causes.push(Cause::required(format!("data[{key}]"), ""));
    }
}
