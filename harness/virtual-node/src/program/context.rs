//! What a program gets: what a container gets.

use std::collections::BTreeMap;
use std::sync::Arc;

use simnet::{Clock, Host};
use tokio_util::sync::CancellationToken;

use super::{CrashSite, Files, Log, Probes, Tasks};

/// What a program gets for one run: exactly what a container's process would find around it.
#[derive(Clone)]
pub struct ContainerContext {
    /// The container's `command` with `$(VAR)` expanded. Empty: the image's entry point, that is the program itself.
    pub command: Vec<String>,
    /// The container's `args` with `$(VAR)` expanded.
    pub args: Vec<String>,
    /// The environment: `env`, `envFrom`, the Services' variables, `HOSTNAME`.
    pub env: Arc<BTreeMap<String, String>>,
    /// The file system: the container's volume mounts, and a writable layer of its own elsewhere.
    pub files: Files,
    /// The folder that a command's relative paths begin in: the container's `workingDir`, else `/`.
    pub working_dir: String,
    /// The pod's place in the network, with the cluster's DNS search domains. What [`Self::tasks`] listen and connect on
    /// closes with the run.
    pub host: Host,
    /// The world's clock.
    pub clock: Clock,
    /// Standard output.
    pub log: Log,
    /// Where to spawn tasks: they end with the run.
    pub tasks: Tasks,
    /// Cancelled in place of SIGTERM. The run has the pod's grace period to return.
    pub stop: CancellationToken,
    /// What the pod is.
    pub pod: PodInfo,
    /// Certificates that the image's system trusts, as PEM.
    pub trust: Arc<str>,
    /// Where the program sets its answers to exec probes. HTTP, TCP and gRPC probes connect to [`Self::host`].
    pub probes: Probes,
    /// Where the program tells how far it is, so that it can be killed there.
    pub crash: CrashSite,
}

impl ContainerContext {
    /// The arguments after the executable's name: those of `command`, then `args`.
    ///
    /// With an empty `command` these are `args`, as the image's entry point gets them.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.command.iter().skip(1).chain(&self.args).map(String::as_str)
    }
}

/// What a program may know of its pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodInfo {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// The pod's uid.
    pub uid: String,
    /// The pod's address, unique in its zone.
    pub ip: String,
    /// The node's name.
    pub node: String,
    /// The pod's labels.
    pub labels: BTreeMap<String, String>,
    /// The ServiceAccount that the pod runs as.
    pub service_account: String,
    /// The container's name.
    pub container: String,
    /// The container's image as its spec names it.
    pub image: String,
    /// The ports that the container's spec declares.
    pub ports: Vec<u16>,
}
