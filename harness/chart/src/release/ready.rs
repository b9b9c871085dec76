//! When an object counts as ready: the rules of kstatus, which Helm 4 waits by.

use serde_json::Value as Json;

/// How far an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    /// Not yet, and why.
    InProgress(String),
    /// It will not become ready by itself.
    Failed(String),
}

use Readiness::{Failed, InProgress, Ready};

/// Judges a live object. Items of lists and watches do not name their kind.
pub(super) fn readiness(kind: &str, object: &Json) -> Readiness {
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return InProgress("Resource scheduled for deletion".into());
    }
    let observed = object["status"]["observedGeneration"].as_i64();
    let generation = object["metadata"]["generation"].as_i64();
    if observed.is_some() && observed != generation {
        return InProgress("the latest change has not been observed".into());
    }
    match kind {
        "Deployment" => deployment(object),
        "StatefulSet" => replicas(object, "readyReplicas"),
        "ReplicaSet" => replicas(object, "availableReplicas"),
        "DaemonSet" => daemon_set(object),
        "Job" => job(object),
        "Pod" => pod(object),
        "PersistentVolumeClaim" => match object["status"]["phase"].as_str() {
            Some("Bound") => Ready,
            _ => InProgress("PVC is not Bound".into()),
        },
        "Service" => match (object["spec"]["type"].as_str(), object["spec"]["clusterIP"].as_str()) {
            (Some("LoadBalancer"), None | Some("")) => InProgress("ClusterIP not set. Service type: LoadBalancer".into()),
            _ => Ready,
        },
        "CustomResourceDefinition" => match condition(object, "Established") {
            Some(("True", _)) => Ready,
            _ => InProgress("CRD is not established".into()),
        },
        _ => other(object),
    }
}

fn number(value: &Json) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// A condition's status and message.
fn condition<'o>(object: &'o Json, kind: &str) -> Option<(&'o str, &'o str)> {
    let conditions = object["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|c| c["type"].as_str() == Some(kind))?;
    Some((found["status"].as_str()?, found["message"].as_str().unwrap_or_default()))
}

fn deployment(object: &Json) -> Readiness {
    let (spec, status) = (&object["spec"], &object["status"]);
    if status["observedGeneration"].is_null() {
        return InProgress("the Deployment has not been observed".into());
    }
    if let Some(("False", message)) = condition(object, "Progressing") {
        return Failed(message.to_owned());
    }
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let count = |field: &str| number(&status[field]);
    let checks = [
        (count("replicas") >= wanted, format!("replicas: {}/{wanted}", count("replicas"))),
        (
            count("updatedReplicas") >= wanted,
            format!("Updated: {}/{wanted}", count("updatedReplicas")),
        ),
        (
            count("replicas") <= wanted,
            format!("Pending termination: {}", count("replicas") - wanted),
        ),
        (
            count("availableReplicas") >= wanted,
            format!("Available: {}/{wanted}", count("availableReplicas")),
        ),
        (
            count("readyReplicas") >= wanted,
            format!("Ready: {}/{wanted}", count("readyReplicas")),
        ),
    ];
    match checks.into_iter().find(|(done, _)| !done) {
        Some((_, message)) => InProgress(message),
        None => Ready,
    }
}

fn replicas(object: &Json, field: &str) -> Readiness {
    if object["status"]["observedGeneration"].is_null() {
        return InProgress("the object has not been observed".into());
    }
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let have = number(&object["status"][field]);
    if have >= wanted {
        Ready
    } else {
        InProgress(format!("Ready: {have}/{wanted}"))
    }
}

fn daemon_set(object: &Json) -> Readiness {
    let status = &object["status"];
    if status["observedGeneration"].is_null() {
        return InProgress("the DaemonSet has not been observed".into());
    }
    let wanted = number(&status["desiredNumberScheduled"]);
    let have = number(&status["numberReady"]).min(number(&status["updatedNumberScheduled"]));
    if have >= wanted {
        Ready
    } else {
        InProgress(format!("Ready: {have}/{wanted}"))
    }
}

/// Unlike kstatus, where a started Job is current: hooks and `--wait` wait for its end.
fn job(object: &Json) -> Readiness {
    if let Some(("True", _)) = condition(object, "Failed") {
        let completions = object["spec"]["completions"].as_i64().unwrap_or(1);
        return Failed(format!("Job Failed. failed: {}/{completions}", number(&object["status"]["failed"])));
    }
    match condition(object, "Complete") {
        Some(("True", _)) => Ready,
        _ => InProgress("Job in progress".into()),
    }
}

fn pod(object: &Json) -> Readiness {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    match object["status"]["phase"].as_str() {
        Some("Succeeded") => Ready,
        Some("Failed") => Failed(format!("pod {name} failed")),
        Some("Running") if matches!(condition(object, "Ready"), Some(("True", _))) => Ready,
        _ => InProgress(format!("pod {name} is not ready")),
    }
}

fn other(object: &Json) -> Readiness {
    match (
        condition(object, "Stalled"),
        condition(object, "Reconciling"),
        condition(object, "Ready"),
    ) {
        (Some(("True", message)), _, _) => Failed(message.to_owned()),
        (_, Some(("True", message)), _) | (_, _, Some(("False" | "Unknown", message))) => InProgress(message.to_owned()),
        _ => Ready,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::config_map(json!({"kind": "ConfigMap"}), Ready)]
    #[case::new_deployment(json!({"kind": "Deployment", "spec": {"replicas": 1}}), InProgress("the Deployment has not been observed".into()))]
    #[case::stale(json!({"kind": "Deployment", "metadata": {"generation": 2}, "status": {"observedGeneration": 1}}), InProgress("the latest change has not been observed".into()))]
    #[case::half(json!({"kind": "Deployment", "spec": {"replicas": 2}, "metadata": {"generation": 1},
        "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 1, "readyReplicas": 1}}), InProgress("Available: 1/2".into()))]
    #[case::done(json!({"kind": "Deployment", "metadata": {"generation": 1},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}}), Ready)]
    #[case::stuck(json!({"kind": "Deployment", "metadata": {"generation": 1}, "status": {"observedGeneration": 1,
        "conditions": [{"type": "Progressing", "status": "False", "message": "deadline"}]}}), Failed("deadline".into()))]
    #[case::scaled_to_none(json!({"kind": "Deployment", "spec": {"replicas": 0}, "metadata": {"generation": 1}, "status": {"observedGeneration": 1}}), Ready)]
    #[case::job_running(json!({"kind": "Job", "status": {"active": 1}}), InProgress("Job in progress".into()))]
    #[case::job_complete(json!({"kind": "Job", "status": {"conditions": [{"type": "Complete", "status": "True"}]}}), Ready)]
    #[case::job_failed(json!({"kind": "Job", "status": {"failed": 1, "conditions": [{"type": "Failed", "status": "True"}]}}), Failed("Job Failed. failed: 1/1".into()))]
    #[case::custom_resource(json!({"kind": "Thing", "status": {"conditions": [{"type": "Ready", "status": "False", "message": "soon"}]}}), InProgress("soon".into()))]
    #[case::going(json!({"kind": "ConfigMap", "metadata": {"deletionTimestamp": "x"}}), InProgress("Resource scheduled for deletion".into()))]
    fn rules(#[case] object: Json, #[case] expected: Readiness) {
        let kind = object["kind"].as_str().unwrap();
        assert_eq!(readiness(kind, &object), expected);
    }
}
