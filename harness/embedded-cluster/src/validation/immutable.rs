//! Fields that stay as they were made.

use crate::value::{Value, json};

use crate::kinds::Kind;
use crate::status::Cause;

/// Group, plural, field: `field is immutable`.
const FIELDS: &[(&str, &str, &str)] = &[
    ("apps", "deployments", "spec.selector"),
    ("apps", "replicasets", "spec.selector"),
    ("apps", "daemonsets", "spec.selector"),
    ("batch", "jobs", "spec.selector"),
    ("batch", "jobs", "spec.completionMode"),
    ("batch", "jobs", "spec.template"),
    ("", "secrets", "type"),
    ("node.k8s.io", "runtimeclasses", "handler"),
    ("networking.k8s.io", "ingressclasses", "spec.controller"),
    ("discovery.k8s.io", "endpointslices", "addressType"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "spec.scope"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "spec.group"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "spec.names.kind"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "spec.names.plural"),
];

const STATEFUL_SET: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// What changed that may not.
pub(super) fn check(kind: &Kind, old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let (group, plural) = (kind.resource.group(), kind.resource.plural());
    for (_, _, field) in FIELDS.iter().filter(|(g, p, _)| *g == group && *p == plural) {
        let pointer = format!("/{}", field.replace('.', "/"));
        let value = |object: &Value| object.pointer(&pointer).cloned().unwrap_or_default();
        if value(old) != value(new) {
            causes.push(Cause::invalid(*field, &value(new), "field is immutable"));
        }
    }
    match (group, plural) {
        ("", "configmaps" | "secrets") if old["immutable"] == true => frozen(old, new, causes),
        ("apps", "statefulsets") => stateful_set(&old["spec"], &new["spec"], causes),
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings") if old["roleRef"] != new["roleRef"] => {
            let role = &new["roleRef"];
            let shown = json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
            causes.push(Cause::invalid("roleRef", &shown, "cannot change roleRef"));
        }
        ("", "services") => cluster_ip(&old["spec"], &new["spec"], causes),
        ("", "pods") => super::pods::update(old, new, causes),
        _ => {}
    }
}

fn frozen(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    const SET: &str = "field is immutable when `immutable` is set";
    if new["immutable"] != true {
        causes.push(Cause::forbidden("immutable", SET));
    }
    for field in ["data", "binaryData"] {
        if old.get(field) != new.get(field) {
            causes.push(Cause::forbidden(field, SET));
        }
    }
}

fn stateful_set(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let rest = |spec: &Value| {
        let mut spec = spec.clone();
        if let Some(map) = spec.as_object_mut() {
            STATEFUL_SET.iter().for_each(|field| drop(map.remove(field)));
        }
        spec
    };
    if rest(old) != rest(new) {
        let (last, others) = ("minReadySeconds", &STATEFUL_SET[..STATEFUL_SET.len() - 1]);
        let others: Vec<String> = others.iter().map(|f| format!("'{f}'")).collect();
        let detail = format!(
            "updates to statefulset spec for fields other than {} and '{last}' are forbidden",
            others.join(", ")
        );
        causes.push(Cause::forbidden("spec", &detail));
    }
}

fn cluster_ip(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let ip = |spec: &Value| spec["clusterIP"].as_str().unwrap_or_default().to_owned();
    let external = old["type"] == "ExternalName" || new["type"] == "ExternalName";
    if !external && !ip(old).is_empty() && !ip(new).is_empty() && ip(old) != ip(new) {
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!([ip(new)]), "may not change once set"));
    }
}
