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
        ("", "persistentvolumes") => volume(old, new, causes),
        ("", "persistentvolumeclaims") => claim(old, new, causes),
        ("batch", "jobs") => completions(&old["spec"], &new["spec"], causes),
        ("resource.k8s.io", "resourceclaims") if old["spec"] != new["spec"] => devices(new, causes),
        ("scheduling.k8s.io", "priorityclasses") => priority(old, new, causes),
        ("storage.k8s.io", "storageclasses") => class(old, new, causes),
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

/// Where a volume is stays.
fn volume(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    const OTHERS: &[&str] = &[
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    let source = |volume: &Value| {
        let mut spec = volume["spec"].clone();
        if let Some(map) = spec.as_object_mut() {
            OTHERS.iter().for_each(|field| drop(map.remove(field)));
        }
        spec
    };
    if source(old) != source(new) {
        let detail = "spec.persistentvolumesource is immutable after creation";
        causes.push(Cause::forbidden("spec.persistentvolumesource", detail));
    }
    let (was, mode) = (&old["spec"]["volumeMode"], &new["spec"]["volumeMode"]);
    if was != mode {
        causes.push(Cause::invalid("volumeMode", mode, "field is immutable"));
    }
}

/// Claims change in what they are bound to, and bound ones in how much they want.
fn claim(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let bound = old["status"]["phase"] == "Bound";
    let fixed = |claim: &Value| {
        let mut spec = claim["spec"].clone();
        if let Some(map) = spec.as_object_mut() {
            for field in ["volumeName", "volumeAttributesClassName", "storageClassName", "resources"] {
                let free = match field {
                    "resources" => bound,
                    // What had no class may get the default one.
                    "storageClassName" => old["spec"]["storageClassName"].is_null(),
                    "volumeName" => old["spec"]["volumeName"].as_str().unwrap_or_default().is_empty(),
                    _ => true,
                };
                if free {
                    map.remove(field);
                }
            }
        }
        spec
    };
    if fixed(old) != fixed(new) {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        causes.push(Cause::forbidden("spec", detail));
    }
    let storage = |claim: &Value| super::rules::quantity(&claim["spec"]["resources"]["requests"]["storage"]);
    let shrinks = matches!((storage(old), storage(new)), (Some(was), Some(wanted)) if wanted.nano < was.nano);
    if bound && shrinks {
        let detail = "field can not be less than status.capacity";
        causes.push(Cause::forbidden("spec.resources.requests.storage", detail));
    }
}

/// Only indexed Jobs change how often they run, along with how many at a time.
fn completions(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let elastic = new["completionMode"] == "Indexed" && new["completions"] == new["parallelism"];
    if old["completions"] != new["completions"] && !elastic {
        causes.push(Cause::invalid("spec.completions", &new["completions"], "field is immutable"));
    }
}

fn priority(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if old["value"] != new["value"] {
        causes.push(Cause::forbidden("value", "may not be changed in an update."));
    }
    if old["preemptionPolicy"] != new["preemptionPolicy"] {
        causes.push(Cause::invalid("preemptionPolicy", &new["preemptionPolicy"], "field is immutable"));
    }
}

fn class(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    for field in ["parameters", "provisioner", "reclaimPolicy"] {
        if old[field] != new[field] {
            causes.push(Cause::forbidden(field, &format!("updates to {field} are forbidden.")));
        }
    }
    if old["volumeBindingMode"] != new["volumeBindingMode"] {
        causes.push(Cause::invalid("volumeBindingMode", &new["volumeBindingMode"], "field is immutable"));
    }
}

/// A claim to devices; Kubernetes shows its internal form.
fn devices(new: &Value, causes: &mut Vec<Cause>) {
    let devices = &new["spec"]["devices"];
    let list = |field: &str| devices.get(field).map_or_else(|| "null".to_owned(), Value::to_string);
    let requests = devices.get("requests").map_or_else(|| "[]".to_owned(), Value::to_string);
    let shown = format!(
        "{{\"Devices\":{{\"Requests\":{requests},\"Constraints\":{},\"Config\":{}}}}}",
        list("constraints"),
        list("config")
    );
    causes.push(super::rules::invalid_shown("spec", &shown, "field is immutable"));
}
