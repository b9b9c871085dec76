//! One run of a container as a process of this computer.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tempfile::TempDir;
use virtual_node::{ContainerContext, ExitStatus, Files, Program};

use super::{ports, space};
use crate::backend::process::{Command, Runner};
use crate::node::tunnel::Tunnel;

/// How often mounted files are brought up to date; a kubelet takes a minute.
const REFRESH: Duration = Duration::from_secs(5);
/// What a process has beside what its container gives it.
pub(super) struct Own {
    /// Environment, as far as the container says nothing else.
    pub(super) env: BTreeMap<String, String>,
    /// Where programs are looked for before anywhere else.
    pub(super) path: Option<PathBuf>,
    /// Folders that are its own, in the place of the computer's, and empty at the start.
    pub(super) folders: Vec<PathBuf>,
    /// What of the computer it sees also where such a folder would hide it.
    pub(super) seen: Vec<PathBuf>,
    /// The folder where it starts.
    pub(super) start: PathBuf,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            env: BTreeMap::new(),
            path: None,
            folders: Vec::new(),
            seen: Vec::new(),
            start: "/".into(),
        }
    }
}

/// Where a process finds the authorities that its image trusts.
const TRUST: &str = "/run/multiplane/ca.pem";

/// A file of the user's that stands for an image.
#[derive(Clone)]
pub(super) struct LocalProgram {
    file: PathBuf,
    /// Where the files of its containers' mounts go.
    folder: PathBuf,
    runner: Runner,
}

impl LocalProgram {
    pub(super) fn new(file: PathBuf, folder: PathBuf, runner: Runner) -> Self {
        Self { file, folder, runner }
    }
}

impl Program for LocalProgram {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let Self { file, folder, runner } = self.clone();
        async move {
            let args: Vec<&str> = context.arguments().collect();
            match run(&file, &args, (&folder, &runner), &context, &Own::default()).await {
                Ok(status) => status,
                Err(error) => {
                    context.log.line(format!("multiplane: {}: {error}", file.display()));
                    ExitStatus::Exited(128)
                }
            }
        }
        .boxed()
    }
}

/// Runs a file in the place of a container. The files of its mounts go to a folder below `folder`.
pub(super) async fn run(
    file: &Path,
    args: &[&str],
    (folder, runner): (&Path, &Runner),
    context: &ContainerContext,
    own: &Own,
) -> io::Result<ExitStatus> {
    if let Some(port) = ports::taken(&context.pod.ports).await {
        let message = format!(
            "port {port} is in use on this computer: local processes share its network, so only one of them can listen on a port \
             (one replica, and nothing else that has it)"
        );
        return Err(io::Error::new(io::ErrorKind::AddrInUse, message));
    }
    let mut stage = Stage::new(&context.files, &context.trust, folder)?;
    stage.own(own)?;
    let proxy = Tunnel::everywhere(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), context.host.clone()).await?;
    let env = environment(&context.env, own, proxy.address());
    let command = space::command(file, args, &env, &stage.mounts, (&own.start, stage.folder.path()))?;
    let probes = runner.clone();
    context.probes.set_exec(move |words| probe(probes.clone(), words));
    for port in &context.pod.ports {
        ports::publish(&context.host, *port, &context.tasks);
    }
    let log = context.log.clone();
    let follow = runner.follow(command, Arc::new(move |line| log.line(line)), context.stop.clone());
    tokio::pin!(follow);
    let status = loop {
        tokio::select! {
            biased;
            status = &mut follow => break status.map_err(io::Error::other)?,
            () = tokio::time::sleep(REFRESH) => stage.refresh(&context.files)?,
        }
    };
    stage.take_back(&context.files)?;
    Ok(exit(status))
}

fn exit(status: std::process::ExitStatus) -> ExitStatus {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitStatus::Exited(code),
        (None, Some(9)) => ExitStatus::Killed,
        (None, signal) => ExitStatus::Exited(128 + signal.unwrap_or_default()),
    }
}

/// The container's environment, and the way to the names of its cluster.
fn environment(given: &BTreeMap<String, String>, own: &Own, proxy: SocketAddr) -> BTreeMap<String, String> {
    let proxy = format!("http://{proxy}");
    let mut env = BTreeMap::from([
        (
            "PATH".to_owned(),
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        ),
        ("HOME".to_owned(), "/tmp".to_owned()),
        ("SSL_CERT_FILE".to_owned(), TRUST.to_owned()),
    ]);
    for name in ["HTTPS_PROXY", "https_proxy"] {
        env.insert(name.to_owned(), proxy.clone());
    }
    for name in ["NO_PROXY", "no_proxy"] {
        env.insert(name.to_owned(), "localhost,127.0.0.1".to_owned());
    }
    env.extend(own.env.clone());
    env.extend(given.clone());
    if let (Some(first), Some(path)) = (&own.path, env.get_mut("PATH")) {
        *path = format!("{}:{path}", first.display());
    }
    env
}

/// An exec probe: its command runs on this computer, where the process's ports are.
async fn probe(runner: Runner, words: Vec<String>) -> Result<(), String> {
    let Some((program, args)) = words.split_first() else {
        return Ok(());
    };
    runner
        .run(Command::new(program).args(args))
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

/// The files of a container's mounts in a folder of this computer, which only this user can read.
struct Stage {
    folder: TempDir,
    /// Folders and files of `folder`, by their path in the container.
    mounts: BTreeMap<PathBuf, PathBuf>,
    /// Paths of mounts that may be written to.
    writable: Vec<String>,
}

impl Stage {
    fn new(files: &Files, trust: &str, within: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("pod-").tempdir_in(within)?;
        let mut stage = Self {
            mounts: BTreeMap::new(),
            writable: Vec::new(),
            folder,
        };
        for (number, (path, writable)) in files.mounts().enumerate() {
            if let Some(real) = files.real(path) {
                stage.mounts.insert(path.into(), real);
                continue;
            }
            stage.mounts.insert(path.into(), stage.folder.path().join(number.to_string()));
            if writable {
                stage.writable.push(path.to_owned());
            }
        }
        for (path, staged) in &stage.mounts {
            // A mount of one file of a volume is a file.
            if staged.starts_with(stage.folder.path()) && files.read(&path.to_string_lossy()).is_err() {
                std::fs::create_dir_all(staged)?;
            }
        }
        stage.refresh(files)?;
        let ca = stage.folder.path().join("ca.pem");
        std::fs::write(&ca, trust)?;
        stage.mounts.insert(TRUST.into(), ca);
        Ok(stage)
    }

    /// Adds the folders that are the process's own; a mount of the pod at such a path comes first.
    fn own(&mut self, own: &Own) -> io::Result<()> {
        for (number, folder) in own.folders.iter().enumerate() {
            let staged = self.folder.path().join(format!("own-{number}"));
            std::fs::create_dir(&staged)?;
            self.mounts.entry(folder.clone()).or_insert(staged);
        }
        for seen in own
            .seen
            .iter()
            .filter(|seen| own.folders.iter().any(|folder| seen.starts_with(folder)))
        {
            self.mounts.entry(seen.clone()).or_insert_with(|| seen.clone());
        }
        Ok(())
    }

    /// Brings what is read-only up to date: a file is there as it was, or as it is now.
    fn refresh(&self, files: &Files) -> io::Result<()> {
        for (path, staged) in &self.mounts {
            let path = path.to_string_lossy();
            for file in files.below(&path) {
                let place = match file.strip_prefix(&*path) {
                    Some("") => staged.clone(),
                    Some(rest) if rest.starts_with('/') => staged.join(&rest[1..]),
                    _ => continue,
                };
                let content = files.read(&file)?;
                let written = self.writable.iter().any(|writable| *writable == path) && place.exists();
                if written || std::fs::read(&place).is_ok_and(|there| there == content) {
                    continue;
                }
                if let Some(parent) = place.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                if place == *staged {
                    // A file that is mounted by itself keeps its content, as in a kubelet's pods.
                    if !place.exists() {
                        std::fs::write(&place, &content)?;
                    }
                    continue;
                }
                let new = place.with_extension("multiplane-new");
                std::fs::write(&new, &content)?;
                std::fs::rename(&new, &place)?;
            }
        }
        Ok(())
    }

    /// Hands what the process wrote to volumes back to the pod.
    fn take_back(&self, files: &Files) -> io::Result<()> {
        for path in &self.writable {
            if let Some(staged) = self.mounts.get(Path::new(path)) {
                take(staged, path, files)?;
            }
        }
        Ok(())
    }
}

fn take(staged: &Path, path: &str, files: &Files) -> io::Result<()> {
    if staged.is_file() {
        return files.write(path, std::fs::read(staged)?);
    }
    for entry in staged.read_dir()? {
        let entry = entry?;
        take(&entry.path(), &format!("{path}/{}", entry.file_name().to_string_lossy()), files)?;
    }
    Ok(())
}
