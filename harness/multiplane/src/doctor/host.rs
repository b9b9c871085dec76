//! The only place that looks at the machine.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ::binaries::Binaries;

use super::docker;
use super::facts::{Docker, Facts, Memory, Planned, Ports, Programs, Space, Started};
use super::parse;
use super::subnets;
use crate::backend::{ClusterSpec, Embedded, Time, World};
use crate::stopwatch::Stopwatch;
use flyte::stores::Stores;
use scenario::Role;

/// Looks at this machine. Starts one embedded cluster in virtual time, and changes nothing.
pub fn facts(planned: Planned) -> Facts {
    let number = |path: &str| read(path).and_then(|text| text.trim().parse().ok());
    let mut docker = docker::ask(std::env::var("DOCKER_HOST").ok().as_deref());
    if let Docker::Answers(engine) = &mut docker {
        engine.space = space(&engine.root);
    }
    Facts {
        kernel: read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
        embedded: start(),
        docker,
        binaries: match Binaries::find() {
            Ok(found) => Programs::Found {
                what: found.to_string(),
                kubernetes: found.kubernetes(),
            },
            Err(missing) => Programs::Missing {
                why: missing.to_string(),
                mend: missing.mend().to_owned(),
            },
        },
        kind: command("kind"),
        inotify_watches: number("/proc/sys/fs/inotify/max_user_watches"),
        inotify_instances: number("/proc/sys/fs/inotify/max_user_instances"),
        files: read("/proc/self/limits").and_then(|text| parse::open_files(&text)),
        temporary: space(&std::env::temp_dir()),
        memory: memory(),
        routes: read("/proc/net/route").map(|text| subnets::routes(&text)).unwrap_or_default(),
        ports: ports(),
        planned,
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A command on PATH that may be executed.
fn command(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| {
        file.metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    })
}

fn space(path: &Path) -> Option<Space> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(Space {
        path: path.to_owned(),
        free: disk.f_bavail.saturating_mul(disk.f_frsize),
    })
}

fn memory() -> Option<Memory> {
    let group = |limit, usage| parse::allowed_memory(&read(limit)?, &read(usage)?);
    Some(Memory {
        available: parse::available_memory(&read("/proc/meminfo")?)?,
        allowed: group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current").or_else(|| {
            group(
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            )
        }),
    })
}

fn ports() -> Ports {
    let range = read("/proc/sys/net/ipv4/ip_local_port_range").and_then(|text| parse::port_range(&text));
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| read(table).unwrap_or_default());
    let inside = |port: &u16| range.is_some_and(|(low, high)| (low..=high).contains(port));
    let taken: BTreeSet<u16> = tables.iter().flat_map(|table| parse::local_ports(table)).filter(inside).collect();
    Ports {
        refused: TcpListener::bind(("127.0.0.1", 0)).err().map(|error| error.to_string()),
        range,
        taken: taken.len(),
    }
}

/// The proof that embedded clusters work is one that does.
fn start() -> Started {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Started::Failed(error.to_string()),
    };
    runtime.block_on(async {
        let watch = Stopwatch::start();
        let spec = ClusterSpec {
            id: "doctor".to_owned(),
            role: Role::Other,
            nodes: 1,
            kubernetes: None,
            api_names: Vec::new(),
            ingress_names: Vec::new(),
            issuer: None,
        };
        let created = match Embedded::new(Time::Virtual, 0, &Stores::new()) {
            Ok(world) => world.create(&spec).await.map(drop),
            Err(error) => Err(error),
        };
        match created {
            Ok(()) => Started::Millis(watch.read().0),
            Err(error) => Started::Failed(error.to_string()),
        }
    })
}
