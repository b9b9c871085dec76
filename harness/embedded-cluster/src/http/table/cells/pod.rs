//! Pods.

use jiff::Timestamp;

use super::super::age;
use super::Shown;
use super::text::{NONE, or};
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

/// What a pod's containers amount to.
#[derive(Default)]
struct Sum {
    ready: usize,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

impl Sum {
    fn restarted(&mut self, container: &Value) {
        self.restarts += container.int_at("/restartCount");
        let ended = container.time_at("/lastState/terminated/finishedAt");
        self.last_restart = self.last_restart.max(ended);
    }
}

pub(super) fn cells(pod: &Shown<'_>) -> Value {
    let mut sum = Sum::default();
    let mut state = state(pod);
    let initialising = init(pod, &mut sum, &mut state);
    if !initialising || is_true(pod, "Initialized") {
        running(pod, &mut sum, &mut state);
    }
    let phase = pod.str_at("/status/phase");
    if pod.is_deleted() && pod.str_at("/status/reason") == "NodeLost" {
        state = "Unknown".to_owned();
    } else if pod.is_deleted() && !matches!(phase, "Succeeded" | "Failed") {
        state = "Terminating".to_owned();
    }
    let sidecars = pod
        .list_at("/spec/initContainers")
        .iter()
        .filter(|container| is_sidecar(container))
        .count();
    let total = pod.list_at("/spec/containers").len() + sidecars;
    let restarts = match sum.last_restart {
        Some(last) if sum.restarts > 0 => format!("{} ({} ago)", sum.restarts, age::since(last, pod.now)),
        _ => sum.restarts.to_string(),
    };
    let text = |pointer: &str| or(pod.str_at(pointer), NONE).to_owned();
    json!([
        pod.name(),
        format!("{}/{total}", sum.ready),
        state,
        restarts,
        pod.age(),
        text("/status/podIPs/0/ip"),
        text("/spec/nodeName"),
        text("/status/nominatedNodeName"),
        gates(pod),
    ])
}

/// The phase, or why the pod is in it.
fn state(pod: &Shown<'_>) -> String {
    let gated = |condition: &&Value| condition.str_at("/type") == "PodScheduled" && condition.str_at("/reason") == "SchedulingGated";
    if pod.list_at("/status/conditions").iter().any(|condition| gated(&condition)) {
        return "SchedulingGated".to_owned();
    }
    or(pod.str_at("/status/reason"), pod.str_at("/status/phase")).to_owned()
}

fn is_sidecar(container: &Value) -> bool {
    container.str_at("/restartPolicy") == "Always"
}

fn is_true(pod: &Shown<'_>, condition: &str) -> bool {
    let mut conditions = pod.list_at("/status/conditions").iter();
    conditions.any(|c| c.str_at("/type") == condition && c.str_at("/status") == "True")
}

/// Counts init containers; true while one of them holds the others up.
fn init(pod: &Shown<'_>, sum: &mut Sum, state: &mut String) -> bool {
    let declared = pod.list_at("/spec/initContainers");
    let mut sidecars = Sum::default();
    let mut holds = false;
    for (index, container) in pod.list_at("/status/initContainerStatuses").iter().enumerate() {
        let name = container.str_at("/name");
        let sidecar = declared
            .iter()
            .any(|declared| declared.str_at("/name") == name && is_sidecar(declared));
        sum.restarted(container);
        if sidecar {
            sidecars.restarted(container);
        }
        if sidecar && container.flag_at("/started") {
            sum.ready += usize::from(container.flag_at("/ready"));
            continue;
        }
        let ended = container.at("/state/terminated");
        let waiting = container.str_at("/state/waiting/reason");
        if ended.is_object() && ended.int_at("/exitCode") == 0 {
            continue;
        }
        *state = if ended.is_object() {
            format!("Init:{}", ending(ended))
        } else if !matches!(waiting, "" | "PodInitializing") {
            format!("Init:{waiting}")
        } else {
            format!("Init:{index}/{}", declared.len())
        };
        holds = true;
        break;
    }
    if !holds || is_true(pod, "Initialized") {
        // Init containers that are done no longer count.
        (sum.restarts, sum.last_restart) = (sidecars.restarts, sidecars.last_restart);
    }
    holds
}

/// Counts the containers themselves.
fn running(pod: &Shown<'_>, sum: &mut Sum, state: &mut String) {
    let mut runs = false;
    for container in pod.list_at("/status/containerStatuses").iter().rev() {
        sum.restarted(container);
        let waiting = container.str_at("/state/waiting/reason");
        let ended = container.at("/state/terminated");
        if !waiting.is_empty() {
            waiting.clone_into(state);
        } else if ended.is_object() {
            *state = ending(ended);
        } else if container.flag_at("/ready") && container.at("/state/running").is_object() {
            runs = true;
            sum.ready += 1;
        }
    }
    if state == "Completed" && runs {
        *state = if is_true(pod, "Ready") { "Running" } else { "NotReady" }.to_owned();
    }
}

/// Why a container ended.
fn ending(ended: &Value) -> String {
    match (ended.str_at("/reason"), ended.int_at("/signal")) {
        ("", 0) => format!("ExitCode:{}", ended.int_at("/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn gates(pod: &Shown<'_>) -> String {
    let gates = pod.list_at("/spec/readinessGates");
    if gates.is_empty() {
        return NONE.to_owned();
    }
    let open = gates.iter().filter(|gate| is_true(pod, gate.str_at("/conditionType"))).count();
    format!("{open}/{}", gates.len())
}
