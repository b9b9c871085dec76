//! The READY and STATUS columns of `kubectl get pods`.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// Containers that are ready, and how many there are.
pub(crate) fn ready(pod: &Pod) -> (usize, usize) {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_deref())
        .unwrap_or_default();
    let up = statuses.iter().filter(|container| container.ready).count();
    (up, pod.spec.as_ref().map_or(0, |spec| spec.containers.len()))
}

/// The STATUS column.
pub(crate) fn status(pod: &Pod) -> String {
    let Some(status) = &pod.status else { return "Unknown".to_owned() };
    let mut reason = status
        .reason
        .clone()
        .or_else(|| status.phase.clone())
        .unwrap_or_else(|| "Unknown".to_owned());
    let inits = status.init_container_statuses.as_deref().unwrap_or_default();
    match inits.iter().enumerate().find(|(_, container)| !init_done(pod, container)) {
        Some((index, container)) => reason = init_reason(container, index, inits.len()),
        None => {
            for container in status.container_statuses.as_deref().unwrap_or_default().iter().rev() {
                reason = main_reason(container).unwrap_or(reason);
            }
            let running = status
                .container_statuses
                .iter()
                .flatten()
                .any(|container| container.ready && state_running(container));
            if reason == "Completed" && running {
                reason = "Running".to_owned();
            }
        }
    }
    if pod.metadata.deletion_timestamp.is_some() {
        "Terminating".to_owned()
    } else {
        reason
    }
}

fn state_running(container: &ContainerStatus) -> bool {
    container.state.as_ref().is_some_and(|state| state.running.is_some())
}

/// An init container that no longer holds the pod up: ended well, or a sidecar that has started.
fn init_done(pod: &Pod, container: &ContainerStatus) -> bool {
    let ended_well = container
        .state
        .as_ref()
        .and_then(|state| state.terminated.as_ref())
        .is_some_and(|ended| ended.exit_code == 0);
    let specs = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.init_containers.as_deref())
        .unwrap_or_default();
    let sidecar = specs
        .iter()
        .any(|spec| spec.name == container.name && spec.restart_policy.as_deref() == Some("Always"));
    ended_well || (sidecar && container.started == Some(true))
}

fn init_reason(container: &ContainerStatus, index: usize, of: usize) -> String {
    let state = container.state.as_ref();
    if let Some(ended) = state.and_then(|state| state.terminated.as_ref()) {
        let why = ended
            .reason
            .clone()
            .filter(|reason| !reason.is_empty())
            .unwrap_or_else(|| format!("ExitCode:{}", ended.exit_code));
        return format!("Init:{why}");
    }
    let waiting = state
        .and_then(|state| state.waiting.as_ref())
        .and_then(|waiting| waiting.reason.as_deref());
    match waiting {
        Some(reason) if !reason.is_empty() && reason != "PodInitializing" => format!("Init:{reason}"),
        _ => format!("Init:{index}/{of}"),
    }
}

fn main_reason(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref()?;
    if let Some(reason) = state
        .waiting
        .as_ref()
        .and_then(|waiting| waiting.reason.clone())
        .filter(|reason| !reason.is_empty())
    {
        return Some(reason);
    }
    let ended = state.terminated.as_ref()?;
    Some(
        ended
            .reason
            .clone()
            .filter(|reason| !reason.is_empty())
            .unwrap_or_else(|| format!("ExitCode:{}", ended.exit_code)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!({"phase": "Pending"}), "Pending")]
    #[case(json!({"phase": "Running", "containerStatuses": [{"state": {"running": {}}, "ready": true}]}), "Running")]
    #[case(json!({"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}), "CrashLoopBackOff")]
    #[case(json!({"phase": "Succeeded", "containerStatuses": [{"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]}), "Completed")]
    #[case(json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}), "ExitCode:3")]
    #[case(json!({"phase": "Pending", "initContainerStatuses": [{"state": {"running": {}}}]}), "Init:0/1")]
    #[case(json!({"phase": "Pending", "initContainerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}), "Init:CrashLoopBackOff")]
    #[case(json!({"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]}), "Init:Error")]
    fn as_kubectl_prints_it(#[case] mut of: Value, #[case] expected: &str) {
        for list in ["containerStatuses", "initContainerStatuses"] {
            for container in of[list].as_array_mut().into_iter().flatten() {
                for (field, value) in [
                    ("name", json!("c")),
                    ("image", json!("i")),
                    ("imageID", json!("")),
                    ("restartCount", json!(0)),
                ] {
                    container[field] = value;
                }
                let ready = container.get("ready").cloned().unwrap_or(json!(false));
                container["ready"] = ready;
            }
        }
        of.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let pod: Pod = serde_json::from_value(json!({"metadata": {}, "status": of})).unwrap();
        assert_eq!(status(&pod), expected);
    }
}
