//! Memory and disks.

use crate::doctor::facts::{Docker, Facts, Planned, Space};
use crate::doctor::{Check, Level, Target};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// A kind 0.33 node takes 560 to 620 MiB before anything runs on it, as measured on one-node clusters.
const KIND_NODE: u64 = 620 * MIB;
/// `multiplane up` with ten empty clusters takes 62 MiB; this leaves room for what a scenario deploys.
const EMBEDDED: u64 = 256 * MIB;
/// Temporary files are charts and values.
const TEMPORARY: u64 = 64 * MIB;
/// Our own rule: below this, a node image may not fit; below the other, images and logs of a few clusters may not.
const DOCKER_LEAST: u64 = 2 * GIB;
const DOCKER_GOOD: u64 = 10 * GIB;

pub(super) fn memory(facts: &Facts) -> Vec<Check> {
    let Some(memory) = facts.memory else { return Vec::new() };
    let free = memory.free();
    let found = format!("{} of memory free", size(free));
    let mut checks = vec![if free < EMBEDDED {
        Check::new(
            "memory",
            Level::Fail,
            &[Target::Embedded],
            found.clone(),
            "a run may be killed: it wants some 256 MiB",
        )
        .mend("free memory")
    } else {
        Check::new(
            "memory",
            Level::Ok,
            &[Target::Embedded],
            found.clone(),
            "ten empty clusters take 62 MiB",
        )
    }];
    // Docker may run in a virtual machine with less.
    let free = match &facts.docker {
        Docker::Answers(engine) if engine.memory > 0 => free.min(engine.memory),
        _ => free,
    };
    checks.push(clusters(facts, free));
    checks
}

/// "Three fit, four do not." Workers take less than a control plane's node; how much is not measured, so they only warn.
fn clusters(facts: &Facts, free: u64) -> Check {
    let fit = free / KIND_NODE;
    let check = |level, means: String| {
        let found = format!("{} free for Docker, a kind node takes 620 MiB", size(free));
        Check::new("clusters", level, &[Target::Kind], found, means)
    };
    let limit = format!("{fit} one-node clusters fit, {} do not, before their workloads", fit + 1);
    let lacking = |nodes: u64| size((nodes * KIND_NODE).saturating_sub(free));
    let Planned {
        scenario, clusters, nodes, ..
    } = &facts.planned;
    match scenario {
        Some(scenario) if *clusters > fit => check(Level::Fail, format!("{scenario} has {clusters} clusters: {limit}"))
            .mend(format!("free {}, or run it on embedded clusters", lacking(*clusters))),
        Some(scenario) if *nodes > fit => check(
            Level::Warn,
            format!("{scenario} has {clusters} clusters with {nodes} nodes, which may be too many: {limit}"),
        )
        .mend(format!(
            "size its clusters to one node each (`nodes: 1`), or free up to {}",
            lacking(*nodes)
        )),
        Some(scenario) => check(
            Level::Ok,
            format!("{scenario}, the largest, has {clusters} with {nodes} nodes: {limit}"),
        ),
        None if fit == 0 => check(Level::Fail, "not even one cluster fits".to_owned()).mend(format!("free {}", lacking(1))),
        None => check(Level::Ok, limit),
    }
}

pub(super) fn disks(facts: &Facts) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(space) = &facts.temporary {
        checks.push(if space.free < TEMPORARY {
            Check::new(
                "temporary",
                Level::Fail,
                &Target::ALL,
                disk(space),
                "runs put charts and values there",
            )
            .mend("free space, or export TMPDIR=FOLDER")
        } else {
            Check::new("temporary", Level::Ok, &Target::ALL, disk(space), "enough for temporary files")
        });
    }
    if let Docker::Answers(engine) = &facts.docker
        && let Some(space) = &engine.space
    {
        let check = |level, means| Check::new("disk", level, &Target::DOCKER, disk(space), means);
        checks.push(match space.free {
            0..DOCKER_LEAST => {
                check(Level::Fail, "a node image does not fit").mend("docker system prune --all   # removes unused images and containers")
            }
            DOCKER_LEAST..DOCKER_GOOD => check(Level::Warn, "little for the images and logs of several clusters")
                .mend("docker image prune --all   # removes unused images"),
            _ => check(Level::Ok, "enough for images and logs"),
        });
    }
    checks
}

fn disk(space: &Space) -> String {
    format!("{} free at {}", size(space.free), space.path.display())
}

/// Bytes as people write them.
fn size(bytes: u64) -> String {
    if bytes < GIB {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB)
    }
}
