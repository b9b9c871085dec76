//! The conditions that a kubelet owns.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::board::State;
use super::status::exit_code;

/// A condition before it is compared with the published one.
struct Verdict {
    kind: &'static str,
    status: bool,
    why: Option<(String, String)>,
}

/// The conditions, with the transition times of those published before whose status has not changed.
pub(crate) fn conditions(pod: &Pod, state: &State, phase: &str, published: &PodStatus, now: Timestamp) -> Vec<PodCondition> {
    let published = published.conditions.as_deref().unwrap_or_default();
    let containers = containers_ready(pod, state, phase);
    let ready = ready(pod, &containers);
    let sandbox = plain("PodReadyToStartContainers", state.sandbox);
    let verdicts = [
        sandbox,
        initialized(pod, state, phase),
        ready,
        containers,
        plain("PodScheduled", true),
    ];
    let condition = |verdict: Verdict| {
        let status = if verdict.status { "True" } else { "False" };
        let before = published
            .iter()
            .find(|before| before.type_ == verdict.kind && before.status == status);
        let (reason, message) = verdict.why.unzip();
        PodCondition {
            type_: verdict.kind.to_owned(),
            status: status.to_owned(),
            reason,
            message: message.filter(|message| !message.is_empty()),
            observed_generation: pod.metadata.generation,
            last_transition_time: before.and_then(|before| before.last_transition_time.clone()).or(Some(Time(now))),
            ..PodCondition::default()
        }
    };
    verdicts.map(condition).into()
}

fn plain(kind: &'static str, status: bool) -> Verdict {
    Verdict { kind, status, why: None }
}

fn because(kind: &'static str, status: bool, reason: &str, message: String) -> Verdict {
    let why = Some((reason.to_owned(), message));
    Verdict { kind, status, why }
}

fn initialized(pod: &Pod, state: &State, phase: &str) -> Verdict {
    const KIND: &str = "Initialized";
    let incomplete = |status: &&ContainerStatus| match is_sidecar(pod, status) {
        true => !status.started.unwrap_or(false),
        false => exit_code(status) != Some(0),
    };
    let incomplete: Vec<&str> = state.init.iter().filter(incomplete).map(|status| status.name.as_str()).collect();
    match () {
        () if phase == "Succeeded" => because(KIND, true, "PodCompleted", String::new()),
        () if incomplete.is_empty() || state.main.iter().any(has_started) => plain(KIND, true),
        () => {
            let message = format!("containers with incomplete status: [{}]", incomplete.join(" "));
            because(KIND, false, "ContainersNotInitialized", message)
        }
    }
}

fn containers_ready(pod: &Pod, state: &State, phase: &str) -> Verdict {
    const KIND: &str = "ContainersReady";
    let sidecars = state.init.iter().filter(|status| is_sidecar(pod, status));
    let unready: Vec<&str> = sidecars
        .chain(&state.main)
        .filter(|status| !status.ready)
        .map(|status| status.name.as_str())
        .collect();
    match phase {
        "Succeeded" => because(KIND, false, "PodCompleted", String::new()),
        "Failed" => because(KIND, false, "PodFailed", String::new()),
        _ if unready.is_empty() => plain(KIND, true),
        _ => {
            let message = format!("containers with unready status: [{}]", unready.join(" "));
            because(KIND, false, "ContainersNotReady", message)
        }
    }
}

/// Ready: the containers are, and every readiness gate is open.
fn ready(pod: &Pod, containers: &Verdict) -> Verdict {
    const KIND: &str = "Ready";
    if !containers.status {
        let why = containers.why.clone();
        return Verdict {
            kind: KIND,
            status: false,
            why,
        };
    }
    let gates = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.readiness_gates.as_deref())
        .unwrap_or_default();
    let given = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref())
        .unwrap_or_default();
    let shut: Vec<String> = gates
        .iter()
        .filter_map(|gate| {
            let gate = &gate.condition_type;
            match given.iter().find(|condition| condition.type_ == *gate) {
                None => Some(format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")),
                Some(condition) if condition.status != "True" => Some(format!(
                    "the status of pod readiness gate \"{gate}\" is not \"True\", but {}",
                    condition.status
                )),
                Some(_) => None,
            }
        })
        .collect();
    if shut.is_empty() {
        plain(KIND, true)
    } else {
        because(KIND, false, "ReadinessGatesNotReady", shut.join(", "))
    }
}

/// Whether a status is that of an init container that restarts always and runs beside the pod's containers.
pub(crate) fn is_sidecar(pod: &Pod, status: &ContainerStatus) -> bool {
    let inits = pod.spec.iter().filter_map(|spec| spec.init_containers.as_ref()).flatten();
    inits
        .filter(|container| container.name == status.name)
        .any(|container| container.restart_policy.as_deref() == Some("Always"))
}

/// Whether a container runs or has run.
pub(crate) fn has_started(status: &ContainerStatus) -> bool {
    let ran = |state: &k8s_openapi::api::core::v1::ContainerState| state.running.is_some() || state.terminated.is_some();
    status.state.as_ref().is_some_and(ran) || status.last_state.as_ref().is_some_and(ran)
}
