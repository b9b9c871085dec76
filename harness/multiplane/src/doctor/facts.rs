//! What the checks go by. Whatever could not be read is `None`.

use std::path::PathBuf;

use serde::Serialize;

use super::subnets::{Pool, Subnet};

/// A machine, and what is planned on it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The kernel's release.
    pub kernel: Option<String>,
    /// An embedded cluster that was started to see.
    pub embedded: Started,
    /// The Docker engine.
    pub docker: Docker,
    /// etcd and kube-apiserver.
    pub binaries: Programs,
    /// The `kind` command on PATH.
    pub kind: Option<PathBuf>,
    /// `fs.inotify.max_user_watches`.
    pub inotify_watches: Option<u64>,
    /// `fs.inotify.max_user_instances`.
    pub inotify_instances: Option<u64>,
    /// Limit of open files of this process.
    pub files: Option<FileLimit>,
    /// The disk of temporary files.
    pub temporary: Option<Space>,
    /// Memory of this machine, or of the container that this is.
    pub memory: Option<Memory>,
    /// Address ranges that this machine has routes to, but for the default one.
    pub routes: Vec<Subnet>,
    /// Ports on the loopback address.
    pub ports: Ports,
    /// What is to run.
    pub planned: Planned,
}

/// An attempt to start an embedded cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Started {
    /// It was up after so many milliseconds.
    Millis(u64),
    /// Why not.
    Failed(String),
}

/// The programs of a real control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Programs {
    /// They are there.
    #[serde(rename_all = "camelCase")]
    Found {
        /// The version, where they are, and whether Kubernetes' own controllers are there.
        what: String,
        /// Kubernetes version `major.minor`.
        kubernetes: String,
    },
    /// One is not.
    Missing {
        /// Which, and where it was looked for.
        why: String,
        /// What to do about it.
        mend: String,
    },
}

/// The Docker engine.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Docker {
    /// It answers.
    Answers(Box<DockerFacts>),
    /// Nothing is there: no such socket.
    Missing {
        /// Where it was looked for.
        socket: PathBuf,
    },
    /// The socket refuses this user.
    Denied {
        /// The socket.
        socket: PathBuf,
    },
    /// The socket is there, and nobody answers as Docker does.
    Silent {
        /// The socket.
        socket: PathBuf,
        /// What happened instead.
        why: String,
    },
    /// `DOCKER_HOST` names no Unix socket.
    Elsewhere {
        /// What it names.
        host: String,
    },
}

/// What the Docker engine says of itself.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerFacts {
    /// Its socket.
    pub socket: PathBuf,
    /// Version of the engine.
    pub version: String,
    /// Version of its API.
    pub api: String,
    /// Storage driver.
    pub driver: String,
    /// Images are kept by containerd's snapshotters, not by a graph driver.
    pub containerd_images: bool,
    /// Version of the control groups: `1` or `2`.
    pub cgroups: String,
    /// It runs without root.
    pub rootless: bool,
    /// Memory of the machine it runs on, which may be a virtual one.
    pub memory: u64,
    /// Where it keeps its data.
    pub root: PathBuf,
    /// The image of clusters in containers.
    pub node_image: String,
    /// Whether it has that image.
    pub has_node_image: bool,
    /// Where it takes the address ranges of networks from.
    pub pools: Vec<Pool>,
    /// The ranges of its networks.
    pub networks: Vec<Subnet>,
    /// Space there, if that is on this machine.
    pub space: Option<Space>,
}

/// Free space on a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Space {
    /// A folder on it.
    pub path: PathBuf,
    /// Bytes that an ordinary user may still write.
    pub free: u64,
}

/// Limits of open files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FileLimit {
    /// What counts.
    pub soft: u64,
    /// Up to where a user may raise it.
    pub hard: u64,
}

/// Memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// What programs can still get without swapping.
    pub available: u64,
    /// What the control group of this process still allows, if it is limited.
    pub allowed: Option<u64>,
}

impl Memory {
    /// What is really to be had.
    pub fn free(self) -> u64 {
        self.available.min(self.allowed.unwrap_or(u64::MAX))
    }
}

/// Ports on the loopback address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ports {
    /// Why no port could be had, if so.
    pub refused: Option<String>,
    /// From where to where the system gives ports out.
    pub range: Option<(u16, u16)>,
    /// Ports of the range that are taken.
    pub taken: usize,
}

/// What is to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The scenario with the most clusters.
    pub scenario: Option<String>,
    /// Its number of clusters.
    pub clusters: u64,
    /// Its number of nodes that would be containers: a cluster sized to one node is one; more are workers beside the control plane's.
    pub nodes: u64,
    /// Kubernetes versions that scenarios ask for.
    pub kubernetes: Vec<String>,
}
