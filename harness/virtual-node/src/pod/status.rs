//! The pod's status, made from what is known of it.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, HostIP, Pod, PodIP, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::board::State;
use super::conditions::{conditions, has_started, is_sidecar};

/// The status of a pod at one moment. `published` is the one before, whose transition times are kept.
pub(crate) fn pod_status(pod: &Pod, state: &State, published: &PodStatus, host_ip: &str, now: Timestamp) -> PodStatus {
    let phase = phase(pod, state);
    let failure = state.failure.as_ref().filter(|_| phase == "Failed");
    PodStatus {
        conditions: Some(conditions(pod, state, phase, published, now)),
        container_statuses: Some(state.main.clone()),
        ephemeral_container_statuses: Some(ephemeral(state)).filter(|all| !all.is_empty()),
        host_ip: Some(host_ip.to_owned()),
        host_ips: Some(vec![HostIP { ip: host_ip.to_owned() }]),
        init_container_statuses: Some(state.init.clone()).filter(|init| !init.is_empty()),
        message: failure.map(|(_, message)| message.clone()),
        observed_generation: pod.metadata.generation,
        phase: Some(phase.to_owned()),
        pod_ip: state.ip.clone(),
        pod_ips: state.ip.clone().map(|ip| vec![PodIP { ip }]),
        reason: failure.map(|(reason, _)| reason.clone()),
        start_time: Some(Time(state.started)),
        ..PodStatus::default()
    }
}

/// Ephemeral containers have no probes: nobody says whether they have started.
fn ephemeral(state: &State) -> Vec<ContainerStatus> {
    let without = |status: &ContainerStatus| ContainerStatus {
        started: None,
        ..status.clone()
    };
    state.ephemeral.iter().map(without).collect()
}

/// A pod's phase by its containers' states. It is not over while anything runs, sidecars and ephemeral containers included.
fn phase(pod: &Pod, state: &State) -> &'static str {
    let phase = phase_of_containers(pod, state);
    let runs = state.init.iter().chain(&state.main).chain(&state.ephemeral).any(is_running);
    if runs && matches!(phase, "Succeeded" | "Failed") {
        "Running"
    } else {
        phase
    }
}

fn phase_of_containers(pod: &Pod, state: &State) -> &'static str {
    let policy = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.restart_policy.as_deref())
        .unwrap_or("Always");
    if state.failure.is_some() {
        return "Failed";
    }
    let init_failed = state
        .init
        .iter()
        .any(|status| !is_sidecar(pod, status) && exit_code(status).is_some_and(|code| code != 0));
    if init_failed && (policy == "Never" || state.terminal) {
        return "Failed";
    }
    let initializing = state.init.iter().any(|status| match is_sidecar(pod, status) {
        true => !state.terminal && !status.started.unwrap_or(false) && !state.main.iter().any(has_started),
        false => exit_code(status) != Some(0),
    });
    let waiting = state.main.iter().any(|status| !has_started(status));
    let running = state.main.iter().any(is_running);
    let all_succeeded = state
        .main
        .iter()
        .all(|status| exit_code(status).or(last_exit_code(status)) == Some(0));
    match () {
        () if state.terminal && (initializing || waiting) => "Failed",
        () if initializing || waiting => "Pending",
        () if running => "Running",
        () if policy == "Always" && !state.terminal => "Running",
        () if all_succeeded => "Succeeded",
        () if policy == "Never" || state.terminal => "Failed",
        () => "Running",
    }
}

fn is_running(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.running.is_some())
}

/// The exit code of a container that has ended and is not to start again yet.
pub(crate) fn exit_code(status: &ContainerStatus) -> Option<i32> {
    status.state.as_ref()?.terminated.as_ref().map(|terminated| terminated.exit_code)
}

fn last_exit_code(status: &ContainerStatus) -> Option<i32> {
    status
        .last_state
        .as_ref()?
        .terminated
        .as_ref()
        .map(|terminated| terminated.exit_code)
}
