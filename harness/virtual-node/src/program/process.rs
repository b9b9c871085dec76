//! Running a program as a process of its own, in a real container.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use simnet::Host;
use tokio_util::sync::CancellationToken;

use super::{ContainerContext, CrashSite, ExitStatus, Files, Log, PodInfo, Probes, Program, Tasks};

/// Where a pod finds its service account's namespace.
const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// What this process is to a program: a container.
#[derive(Clone, Debug)]
pub struct Process {
    /// The command line, the executable's name first.
    pub command: Vec<String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The root of the file system: `/` in a container.
    pub root: PathBuf,
    /// This machine, in [`simnet::Network::machine`].
    pub host: Host,
    /// Certificates that the program's system trusts, PEM.
    pub trust: Arc<str>,
    /// Where standard output goes.
    pub log: Log,
    /// Cancelled at SIGTERM.
    pub stop: CancellationToken,
}

impl Process {
    /// Runs the program to its end. All of its tasks are gone then.
    pub async fn run(self, program: &dyn Program) -> ExitStatus {
        let tasks = Tasks::default();
        let files = Files::on_disk(&self.root);
        let pod = pod(&self.env, &files, &self.host);
        let context = ContainerContext {
            command: self.command,
            args: Vec::new(),
            pod,
            env: Arc::new(self.env),
            files,
            working_dir: "/".to_owned(),
            clock: self.host.clock().clone(),
            host: self.host,
            log: self.log,
            tasks: tasks.clone(),
            stop: self.stop,
            trust: self.trust,
            // A kubelet runs exec probes as processes of their own.
            probes: Probes::default(),
            crash: CrashSite::default(),
        };
        let status = program.run(context).await;
        tasks.end().await;
        status
    }
}

/// What a process can know of its pod: a kubelet tells it in the environment and in mounted files.
fn pod(env: &BTreeMap<String, String>, files: &Files, host: &Host) -> PodInfo {
    let variable = |names: &[&str]| names.iter().find_map(|name| env.get(*name)).cloned();
    let namespace = files.read_to_string(NAMESPACE).ok().map(|text| text.trim().to_owned());
    let name = variable(&["POD_NAME", "HOSTNAME"]).unwrap_or_default();
    PodInfo {
        namespace: namespace
            .or_else(|| variable(&["POD_NAMESPACE"]))
            .unwrap_or_else(|| "default".to_owned()),
        uid: variable(&["POD_UID"]).unwrap_or_else(|| name.clone()),
        name,
        ip: host.address().to_owned(),
        node: variable(&["NODE_NAME"]).unwrap_or_default(),
        labels: BTreeMap::new(),
        service_account: String::new(),
        container: String::new(),
        image: String::new(),
        ports: Vec::new(),
    }
}
