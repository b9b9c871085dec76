//! Pods and pod templates.

use crate::value::Value;

use super::rules::{self, Check, Rule};
use crate::status::Cause;

const MAX_INT32: i64 = i32::MAX as i64;

const SPEC: &[Rule] = &[
    ("containers", Check::Required),
    ("restartPolicy", Check::OneOf(&["Always", "OnFailure", "Never"])),
    (
        "dnsPolicy",
        Check::OneOf(&["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    ),
    ("activeDeadlineSeconds", Check::Between(1, MAX_INT32)),
    ("hostname", Check::Label),
    ("subdomain", Check::Label),
    ("nodeName", Check::Subdomain),
    ("serviceAccountName", Check::Subdomain),
    ("schedulerName", Check::Required),
    ("preemptionPolicy", Check::OneOf(&["PreemptLowerPriority", "Never"])),
    ("os.name", Check::OneOf(&["linux", "windows"])),
    ("tolerations[*].operator", Check::OneOf(&["Equal", "Exists"])),
    (
        "tolerations[*].effect",
        Check::OneOf(&["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    ),
    ("volumes", Check::Unique("name")),
    ("volumes[*].name", Check::Required),
    ("volumes[*].name", Check::Label),
    ("volumes[*].secret.secretName", Check::Required),
    ("volumes[*].configMap.name", Check::Required),
    ("volumes[*].configMap.items[*].key", Check::Required),
    ("volumes[*].persistentVolumeClaim.claimName", Check::Required),
    ("volumes[*].hostPath.path", Check::Required),
    ("volumes[*].nfs.server", Check::Required),
    ("volumes[*].csi.driver", Check::Required),
];

const CONTAINER: &[Rule] = &[
    ("name", Check::Required),
    ("name", Check::Label),
    ("image", Check::Required),
    ("imagePullPolicy", Check::OneOf(&["Always", "IfNotPresent", "Never"])),
    ("terminationMessagePolicy", Check::OneOf(&["File", "FallbackToLogsOnError"])),
    ("ports", Check::Unique("name")),
    ("ports[*].containerPort", Check::Required),
    ("ports[*].containerPort", Check::Between(1, 65535)),
    ("ports[*].hostPort", Check::Between(0, 65535)),
    ("ports[*].protocol", Check::OneOf(&["SCTP", "TCP", "UDP"])),
    ("env[*].name", Check::Required),
    ("env[*].valueFrom.secretKeyRef.key", Check::Required),
    ("env[*].valueFrom.configMapKeyRef.key", Check::Required),
    ("volumeMounts[*].name", Check::Required),
    ("volumeMounts[*].mountPath", Check::Required),
];

/// A pod's spec at `base`.
pub(super) fn spec(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    if spec.get("containers").is_none() {
        causes.push(Cause::required(format!("{base}.containers"), ""));
    }
    rules::apply(SPEC, spec, base, causes);
    let volumes: Vec<&Value> = spec["volumes"].as_array().into_iter().flatten().map(|v| &v["name"]).collect();
    let mut names: Vec<&Value> = vec![];
    for field in ["containers", "initContainers"] {
        for (i, container) in spec[field].as_array().into_iter().flatten().enumerate() {
            let place = format!("{base}.{field}[{i}]");
            rules::apply(CONTAINER, container, &place, causes);
            mounts(container, &volumes, &place, causes);
            let name = &container["name"];
            if names.contains(&name) && name.as_str().is_some_and(|n| !n.is_empty()) {
                causes.push(Cause::duplicate(format!("{place}.name"), name));
            }
            names.push(name);
        }
    }
}

fn mounts(container: &Value, volumes: &[&Value], place: &str, causes: &mut Vec<Cause>) {
    let mut paths: Vec<&Value> = vec![];
    for (i, mount) in container["volumeMounts"].as_array().into_iter().flatten().enumerate() {
        let (name, path) = (&mount["name"], &mount["mountPath"]);
        if name.as_str().is_some_and(|n| !n.is_empty()) && !volumes.contains(&name) {
            let (message, field) = (format!("Not found: {name}"), format!("{place}.volumeMounts[{i}].name"));
            causes.push(Cause {
                reason: "FieldValueNotFound",
                message,
                field,
            });
        }
        if paths.contains(&path) {
            causes.push(Cause::invalid(
                format!("{place}.volumeMounts[{i}].mountPath"),
                path,
                "must be unique",
            ));
        }
        paths.push(path);
    }
}

const FROZEN: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
    `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow \
    it to be set to 1 if it was previously negative)";

/// What may not change in a running pod. Kubernetes adds how the specs differ to its message.
pub(super) fn update(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let deadline = |v: &Value| v["activeDeadlineSeconds"].as_i64();
    if let (Some(was), Some(wanted)) = (deadline(&old["spec"]), deadline(&new["spec"]))
        && wanted > was
    {
        let field = "spec.activeDeadlineSeconds";
        causes.push(Cause::invalid(
            field,
            &wanted.into(),
            "must be less than or equal to previous value",
        ));
        return;
    }
    let mut allowed = new["spec"].clone();
    for field in ["containers", "initContainers"] {
        let images: Vec<Value> = old["spec"][field]
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| c["image"].clone())
            .collect();
        let containers = allowed.get_mut(field).and_then(Value::as_array_mut);
        for (container, image) in containers.into_iter().flatten().zip(images) {
            container["image"] = image;
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "nodeName", "schedulingGates"] {
        // The scheduler binds through its own path, which is not checked here.
        if field == "nodeName" {
            continue;
        }
        match old["spec"].get(field) {
            Some(value) => allowed[field] = value.clone(),
            None => {
                if let Some(spec) = allowed.as_object_mut() {
                    spec.remove(field);
                }
            }
        }
    }
    if allowed != old["spec"] {
        causes.push(Cause::forbidden("spec", FROZEN));
    }
}
