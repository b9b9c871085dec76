//! The Docker engine, and what kind and the kubelet want of it.

use crate::doctor::facts::{Docker, DockerFacts, Facts};
use crate::doctor::parse::major_minor;
use crate::doctor::subnets::{Pool, Subnet, free};
use crate::doctor::{Check, Level, Target};

/// API of Docker 20.10, the first that gives containers a control-group namespace of their own, which kind asks for.
const API: (u64, u64) = (1, 41);
/// Fewer free address ranges than this may not do: scenarios run side by side, and others use the engine, too.
const FEW: usize = 4;
/// The first Kubernetes whose kubelet does not start on control groups v1, unless its configuration says so.
const REFUSES_CGROUP_V1: (u64, u64) = (1, 35);

/// All checks about Docker; only one where it does not answer.
pub(super) fn engine(facts: &Facts) -> Vec<Check> {
    let fail = |found: String| {
        Check::new(
            "docker",
            Level::Fail,
            &Target::DOCKER,
            found,
            "no containers, so none of these backends runs",
        )
    };
    match &facts.docker {
        Docker::Answers(engine) => vec![
            api(engine),
            node_image(engine),
            images(engine),
            cgroups(engine, &facts.planned.kubernetes),
            privileges(engine),
            networks(engine, &facts.routes),
        ],
        Docker::Missing { socket } => {
            vec![fail(format!("no socket {}", socket.display())).mend(
                "install Docker Engine and start it: sudo systemctl enable --now docker; elsewhere: export DOCKER_HOST=unix://SOCKET",
            )]
        }
        Docker::Denied { socket } => {
            vec![fail(format!("{} refuses this user", socket.display())).mend("sudo usermod -aG docker \"$USER\"   # then log in again")]
        }
        Docker::Silent { socket, why } => {
            vec![fail(format!("{} does not answer: {why}", socket.display())).mend("sudo systemctl restart docker")]
        }
        Docker::Elsewhere { host } => vec![
            fail(format!("DOCKER_HOST is {host}, which is no socket on this machine"))
                .mend("export DOCKER_HOST=unix:///var/run/docker.sock"),
        ],
    }
}

fn api(engine: &DockerFacts) -> Check {
    let rootless = if engine.rootless { ", rootless" } else { "" };
    let found = format!(
        "engine {}, API {}, {}{rootless}",
        engine.version,
        engine.api,
        engine.socket.display()
    );
    if major_minor(&engine.api).is_some_and(|api| api < API) {
        return Check::new(
            "docker",
            Level::Fail,
            &[Target::Kind],
            found,
            "too old: kind needs API 1.41 (Docker 20.10)",
        )
        .mend("upgrade Docker: https://docs.docker.com/engine/install/");
    }
    if engine.rootless && engine.cgroups == "1" {
        return Check::new(
            "docker",
            Level::Fail,
            &[Target::Kind],
            found,
            "a rootless engine runs kind only on control groups v2",
        )
        .mend("boot with systemd.unified_cgroup_hierarchy=1");
    }
    Check::new("docker", Level::Ok, &Target::DOCKER, found, "answers")
}

fn node_image(engine: &DockerFacts) -> Check {
    let check = |level, found: String, means| Check::new("image", level, &[Target::Container], found, means);
    if engine.has_node_image {
        return check(Level::Ok, format!("image {}", engine.node_image), "clusters in containers run it");
    }
    check(Level::Fail, format!("no image {}", engine.node_image), "no clusters in containers")
        .mend("make images   # a static binary of multiplane and nothing else; pulls nothing")
}

fn images(engine: &DockerFacts) -> Check {
    if engine.containerd_images {
        let found = format!("containerd's image store ({})", engine.driver);
        let means =
            "`kind load docker-image` fails on images of several platforms (kubernetes-sigs/kind#3795): `content digest ... not found`";
        return Check::new("images", Level::Warn, &[Target::Kind], found, means).mend(
            "docker save --platform linux/amd64 -o image.tar IMAGE && kind load image-archive image.tar --name CLUSTER   \
             # or {\"features\": {\"containerd-snapshotter\": false}} in /etc/docker/daemon.json",
        );
    }
    let found = format!("graph driver {}", engine.driver);
    Check::new(
        "images",
        Level::Ok,
        &[Target::Kind],
        found,
        "images of this machine load into kind nodes",
    )
}

/// Whether an engine allows it is known only once a container is started; rootless ones need more than the flag.
fn privileges(engine: &DockerFacts) -> Check {
    let check = |level, found: &str, means| Check::new("privileges", level, &[Target::K3s], found, means);
    if engine.rootless {
        return check(
            Level::Warn,
            "a rootless engine",
            "nodes of k3s are privileged containers, which then need control groups delegated to the user",
        )
        .mend("https://docs.k3s.io/advanced#running-rootless-servers-experimental   # or an engine that runs as root");
    }
    check(
        Level::Ok,
        "an engine that runs as root",
        "nodes of k3s are privileged containers; one that is refused says so",
    )
}

/// Each world of containers has a network of its own.
fn networks(engine: &DockerFacts, routes: &[Subnet]) -> Check {
    // The engine's own bridges are routes, too: none counts twice, since a range is either free or not.
    let taken: Vec<Subnet> = engine.networks.iter().chain(routes).copied().collect();
    let free = free(&engine.pools, &taken);
    let found = format!(
        "{} of {} address ranges are free",
        free,
        engine.pools.iter().map(Pool::ranges).sum::<usize>()
    );
    let check = |level, means: String| Check::new("networks", level, &Target::DOCKER, found, means);
    let mend = "docker network prune   # or more ranges, which no route of yours needs: {\"default-address-pools\": \
                [{\"base\": \"10.201.0.0/16\", \"size\": 24}]} in /etc/docker/daemon.json";
    match free {
        0 => check(Level::Fail, "no network can be made: each world needs one of its own".to_owned()).mend(mend),
        1..FEW => check(
            Level::Warn,
            format!("{free} scenarios at a time: each world has a network of its own"),
        )
        .mend(mend),
        _ => check(Level::Ok, "each world has a network of its own".to_owned()),
    }
}

fn cgroups(engine: &DockerFacts, versions: &[String]) -> Check {
    let check = |level, means: String| {
        Check::new(
            "cgroups",
            level,
            &Target::NODES,
            format!("control groups v{}", engine.cgroups),
            means,
        )
    };
    if engine.cgroups != "1" {
        return check(Level::Ok, "every Kubernetes version starts".to_owned());
    }
    // Without a version, kind takes its own newest.
    let refused: Vec<&str> = versions
        .iter()
        .filter(|version| major_minor(version).is_none_or(|version| version >= REFUSES_CGROUP_V1))
        .map(String::as_str)
        .collect();
    if refused.is_empty() && !versions.is_empty() {
        return check(Level::Ok, format!("Kubernetes {} still starts on v1", versions.join(", ")));
    }
    let which = if refused.is_empty() {
        "1.35 and later".to_owned()
    } else {
        refused.join(", ")
    };
    check(Level::Warn, format!("the kubelet of Kubernetes {which} refuses v1 unless configured otherwise")).mend(
        "boot with systemd.unified_cgroup_hierarchy=1, or give the kind configuration the kubelet setting `failCgroupV1: false` (KubeletConfiguration)",
    )
}
