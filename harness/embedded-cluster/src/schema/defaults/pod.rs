//! Pods and pod templates.

use crate::value::{Map, Value, json};

use super::{Fields as _, volume};

const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

pub(super) fn pod(pod: &mut Map) {
    let Some(spec) = pod.object("spec") else { return };
    let host_network = spec.get("hostNetwork") == Some(&Value::Bool(true));
    for containers in ["containers", "initContainers"] {
        spec.each(containers, |container| {
            requests_from_limits(container);
            if host_network {
                container.each("ports", |port| {
                    let number = port.get("containerPort").cloned().unwrap_or_default();
                    port.default("hostPort", number);
                });
            }
        });
    }
    spec.default("enableServiceLinks", true);
    if spec
        .get("terminationGracePeriodSeconds")
        .and_then(Value::as_i64)
        .is_some_and(|seconds| seconds < 0)
    {
        spec.insert("terminationGracePeriodSeconds", json!(1));
    }
    pod_spec(spec);
}

pub(super) fn pod_template(object: &mut Map) {
    template(object);
}

/// Defaults the pod template in the field `template`.
pub(super) fn template(owner: &mut Map) {
    if let Some(spec) = owner.object("template").and_then(|template| template.object("spec")) {
        pod_spec(spec);
    }
}

fn pod_spec(spec: &mut Map) {
    spec.default("dnsPolicy", "ClusterFirst");
    spec.default("restartPolicy", "Always");
    spec.default("schedulerName", "default-scheduler");
    spec.default("securityContext", json!({}));
    spec.default("terminationGracePeriodSeconds", 30);
    // The old name of the field is kept equal.
    let account = match spec.text("serviceAccountName") {
        "" => spec.text("serviceAccount"),
        account => account,
    };
    if !account.is_empty() {
        let account = account.to_owned();
        spec.insert("serviceAccount", account.clone().into());
        spec.insert("serviceAccountName", account.into());
    }
    for containers in CONTAINERS {
        spec.each(containers, container);
    }
    spec.each("volumes", volume::pod_volume);
}

fn container(container: &mut Map) {
    let policy = pull_policy(container.text("image"));
    container.default("imagePullPolicy", policy);
    container.default("terminationMessagePath", "/dev/termination-log");
    container.default("terminationMessagePolicy", "File");
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.object(probe) {
            probe.default("timeoutSeconds", 1);
            probe.default("periodSeconds", 10);
            probe.default("successThreshold", 1);
            probe.default("failureThreshold", 3);
            handler(probe);
        }
    }
    if let Some(lifecycle) = container.object("lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(hook) = lifecycle.object(hook) {
                handler(hook);
            }
        }
    }
    container.each("env", |variable| {
        if let Some(field) = variable.object("valueFrom").and_then(|source| source.object("fieldRef")) {
            field.default("apiVersion", "v1");
        }
    });
}

fn handler(handler: &mut Map) {
    if let Some(get) = handler.object("httpGet") {
        get.default("path", "/");
        get.default("scheme", "HTTP");
    }
}

/// `Always` for the tag `latest`, also when it is meant by no tag and no digest.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    let last = name.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        Some((_, "latest")) => "Always",
        Some(_) => "IfNotPresent",
        None if digest => "IfNotPresent",
        None => "Always",
    }
}

fn requests_from_limits(container: &mut Map) {
    let Some(resources) = container.object("resources") else { return };
    let Some(Value::Object(limits)) = resources.get("limits").cloned() else {
        return;
    };
    let requests = resources.object_or_new("requests");
    for (name, amount) in limits {
        requests.default(&name, amount);
    }
}
