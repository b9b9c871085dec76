//! Limits of the kernel and of this process.

use crate::doctor::facts::Facts;
use crate::doctor::parse::major_minor;
use crate::doctor::{Check, Level, Target};

/// What kind's known issues ask for. Below, the third or fourth cluster fails with "too many open files".
const WATCHES: u64 = 524_288;
const INSTANCES: u64 = 512;
/// Below this, `up` with tens of clusters runs out: one takes 5 descriptors, the process 15, and each client its connections.
const FILES: u64 = 1024;
/// From where on control groups v2 do what Kubernetes needs, by its own documentation.
const KERNEL: (u64, u64) = (5, 8);
/// A control plane's clients and servers take tens of ports each.
const PORTS: usize = 1000;

pub(super) fn kernel(facts: &Facts) -> Check {
    match &facts.kernel {
        None => Check::new(
            "kernel",
            Level::Fail,
            &Target::DOCKER,
            "no /proc: this is not Linux",
            "the figures below cannot be read here",
        )
        .mend("run multiplane on the Linux machine that runs Docker"),
        Some(kernel) if major_minor(kernel).is_some_and(|version| version < KERNEL) => Check::new(
            "kernel",
            Level::Warn,
            &[Target::Kind],
            format!("Linux {kernel}"),
            "Kubernetes wants 5.8 or later for control groups v2",
        )
        .mend("upgrade the kernel"),
        Some(kernel) => Check::new("kernel", Level::Ok, &Target::ALL, format!("Linux {kernel}"), "recent enough"),
    }
}

pub(super) fn inotify(facts: &Facts) -> Option<Check> {
    let (watches, instances) = (facts.inotify_watches?, facts.inotify_instances?);
    let found = format!("inotify: {watches} watches, {instances} instances");
    let low: Vec<String> = [("max_user_watches", watches, WATCHES), ("max_user_instances", instances, INSTANCES)]
        .into_iter()
        .filter(|(_, value, wanted)| value < wanted)
        .map(|(name, _, wanted)| format!("fs.inotify.{name}={wanted}"))
        .collect();
    if low.is_empty() {
        return Some(Check::new(
            "inotify",
            Level::Ok,
            &Target::NODES,
            found,
            "enough for several clusters",
        ));
    }
    let means = "kind wants 524288 and 512; with less, the third or fourth cluster fails with \"too many open files\"";
    let settings = low.join(" ");
    let lines = low.join("\\n");
    Some(Check::new("inotify", Level::Warn, &Target::NODES, found, means).mend(format!(
        "sudo sysctl -w {settings}   # to keep it: printf '{lines}\\n' | sudo tee /etc/sysctl.d/99-kind.conf"
    )))
}

pub(super) fn files(facts: &Facts) -> Option<Check> {
    let limit = facts.files?;
    let show = |limit: u64| {
        if limit == u64::MAX {
            "unlimited".to_owned()
        } else {
            limit.to_string()
        }
    };
    let found = format!("open files: {} (hard limit {})", show(limit.soft), show(limit.hard));
    let check = |level, means| Check::new("files", level, &Target::ALL, found.clone(), means);
    if limit.soft >= FILES {
        return Some(check(Level::Ok, "enough; runs in virtual time take none at all"));
    }
    let raise = if limit.hard >= FILES {
        format!("ulimit -n {}", limit.hard.min(65_536))
    } else {
        "raise `nofile` in /etc/security/limits.conf, then log in again".to_owned()
    };
    Some(
        check(
            Level::Warn,
            "few for worlds with sockets (`up`, containers); runs in virtual time take none",
        )
        .mend(raise),
    )
}

pub(super) fn ports(facts: &Facts) -> Check {
    let ports = &facts.ports;
    if let Some(why) = &ports.refused {
        let found = format!("no port on 127.0.0.1: {why}");
        return Check::new(
            "ports",
            Level::Fail,
            &Target::DOCKER,
            found,
            "clusters cannot be reached; nor can `up`",
        )
        .mend("ip link set lo up   # as root, in this network namespace");
    }
    let Some((low, high)) = ports.range else {
        return Check::new(
            "ports",
            Level::Ok,
            &Target::DOCKER,
            "127.0.0.1 gives ports out",
            "how many are left is not known here",
        );
    };
    let all = usize::from(high.saturating_sub(low)) + 1;
    let free = all.saturating_sub(ports.taken);
    let found = format!("{free} of the {all} ports from {low} to {high} are free");
    if free >= PORTS {
        return Check::new("ports", Level::Ok, &Target::DOCKER, found, "clusters publish theirs on free ones");
    }
    Check::new(
        "ports",
        Level::Warn,
        &Target::DOCKER,
        found,
        "few: publishing a cluster's ports may fail",
    )
    .mend("sudo sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"")
}
