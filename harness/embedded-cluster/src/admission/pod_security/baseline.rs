//! What the baseline level forbids: known ways out of a container.

use std::collections::BTreeSet;

use super::Violation;
use super::pod::{Pod, name, named, quoted};
use crate::value::Value;

/// Capabilities that may be added.
const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];
const SELINUX_TYPES: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/// What a pod violates. `restricted`: the checks that the next level has in a stricter form are left to it.
pub(super) fn check(pod: &Pod<'_>, restricted: bool) -> Vec<Violation> {
    let mut found = vec![];
    let mut add = |reason: &'static str, detail: String| {
        if !detail.is_empty() {
            found.push(Violation { reason, detail });
        }
    };
    if !restricted {
        add("non-default capabilities", capabilities(pod, CAPABILITIES));
    }
    add("host namespaces", host_namespaces(pod));
    if !restricted {
        let volumes: Vec<String> = pod.volumes().filter(|volume| volume["hostPath"].is_object()).map(name).collect();
        add(
            "hostPath volumes",
            if volumes.is_empty() {
                String::new()
            } else {
                named("volume", &volumes)
            },
        );
    }
    add("hostPort", host_ports(pod));
    add(
        "privileged",
        must_not(pod, "securityContext.privileged=true", |c| {
            c["securityContext"]["privileged"] == true
        }),
    );
    add(
        "procMount",
        must_not(pod, "securityContext.procMount to \"Unmasked\"", |c| {
            !matches!(c["securityContext"]["procMount"].as_str(), None | Some("Default"))
        }),
    );
    if !restricted {
        add("seccompProfile", unconfined(pod));
    }
    add("seLinuxOptions", selinux(pod));
    let sysctls = pod.context()["sysctls"].as_array().into_iter().flatten().map(name);
    let forbidden: BTreeSet<String> = sysctls.filter(|name| !SYSCTLS.contains(&name.as_str())).collect();
    add("forbidden sysctls", forbidden.into_iter().collect::<Vec<_>>().join(", "));
    add("hostProcess", host_process(pod));
    found
}

fn must_not(pod: &Pod<'_>, what: &str, holds: impl Fn(&Value) -> bool) -> String {
    let names = pod.which(holds);
    if names.is_empty() {
        return String::new();
    }
    format!("{} must not set {what}", named("container", &names))
}

/// Capabilities beyond those that may be added.
pub(super) fn capabilities(pod: &Pod<'_>, allowed: &[&str]) -> String {
    let beyond = |container: &Value| -> Vec<String> {
        let added = container["securityContext"]["capabilities"]["add"].as_array().into_iter().flatten();
        let added = added.filter_map(Value::as_str).filter(|name| !allowed.contains(name));
        added.map(str::to_owned).collect()
    };
    let names = pod.which(|container| !beyond(container).is_empty());
    let all: BTreeSet<String> = pod.containers().flat_map(beyond).collect();
    if names.is_empty() {
        return String::new();
    }
    let all: Vec<String> = all.into_iter().collect();
    format!(
        "{} must not include {} in securityContext.capabilities.add",
        named("container", &names),
        quoted(&all)
    )
}

fn host_namespaces(pod: &Pod<'_>) -> String {
    let used = ["hostNetwork", "hostPID", "hostIPC"]
        .into_iter()
        .filter(|field| pod.0[*field] == true);
    used.map(|field| format!("{field}=true")).collect::<Vec<_>>().join(", ")
}

fn host_ports(pod: &Pod<'_>) -> String {
    let ports = |container: &Value| -> Vec<i64> {
        let ports = container["ports"].as_array().into_iter().flatten();
        ports
            .filter_map(|port| port["hostPort"].as_i64())
            .filter(|port| *port != 0)
            .collect()
    };
    let names = pod.which(|container| !ports(container).is_empty());
    let all: BTreeSet<i64> = pod.containers().flat_map(ports).collect();
    if names.is_empty() {
        return String::new();
    }
    let uses = if names.len() == 1 { "uses" } else { "use" };
    let word = if all.len() == 1 { "hostPort" } else { "hostPorts" };
    let all: Vec<String> = all.iter().map(i64::to_string).collect();
    format!("{} {uses} {word} {}", named("container", &names), all.join(", "))
}

/// Who turns seccomp off.
pub(super) fn unconfined(pod: &Pod<'_>) -> String {
    let off = |context: &Value| context["seccompProfile"]["type"] == "Unconfined";
    let mut who = vec![];
    if off(pod.context()) {
        who.push("pod".to_owned());
    }
    let names = pod.which(|container| off(&container["securityContext"]));
    if !names.is_empty() {
        who.push(named("container", &names));
    }
    if who.is_empty() {
        return String::new();
    }
    format!(
        "{} must not set securityContext.seccompProfile.type to \"Unconfined\"",
        who.join(" and ")
    )
}

fn selinux(pod: &Pod<'_>) -> String {
    let options = |context: &Value| context["seLinuxOptions"].clone();
    let text = |options: &Value, field: &str| options[field].as_str().unwrap_or_default().to_owned();
    let bad = |options: &Value| {
        !SELINUX_TYPES.contains(&text(options, "type").as_str()) || !text(options, "user").is_empty() || !text(options, "role").is_empty()
    };
    let mut who = vec![];
    if bad(&options(pod.context())) {
        who.push("pod".to_owned());
    }
    let names = pod.which(|container| bad(&options(&container["securityContext"])));
    if !names.is_empty() {
        who.push(named("container", &names));
    }
    if who.is_empty() {
        return String::new();
    }
    let contexts = std::iter::once(options(pod.context())).chain(pod.containers().map(|c| options(&c["securityContext"])));
    let contexts: Vec<Value> = contexts.filter(bad).collect();
    let mut parts = vec![];
    let types: BTreeSet<String> = contexts.iter().map(|options| text(options, "type")).collect();
    let types: Vec<String> = types.into_iter().filter(|kind| !SELINUX_TYPES.contains(&kind.as_str())).collect();
    if !types.is_empty() {
        parts.push(format!("type{} {}", if types.len() == 1 { "" } else { "s" }, quoted(&types)));
    }
    for field in ["user", "role"] {
        if contexts.iter().any(|options| !text(options, field).is_empty()) {
            parts.push(format!("{field} may not be set"));
        }
    }
    format!(
        "{} set forbidden securityContext.seLinuxOptions: {}",
        who.join(" and "),
        parts.join("; ")
    )
}

fn host_process(pod: &Pod<'_>) -> String {
    let on = |context: &Value| context["windowsOptions"]["hostProcess"] == true;
    let mut who = vec![];
    if on(pod.context()) {
        who.push("pod".to_owned());
    }
    let names = pod.which(|container| on(&container["securityContext"]));
    if !names.is_empty() {
        who.push(named("container", &names));
    }
    if who.is_empty() {
        return String::new();
    }
    format!("{} must not set securityContext.windowsOptions.hostProcess=true", who.join(" and "))
}
