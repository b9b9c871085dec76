//! Linux namespaces for a process: a file system of its own, by the tools of util-linux.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::layout::{Entry, layout};
use crate::backend::process::{Command, Runner};
use crate::shell::quoted;

/// Why no process can have mounts of its own here.
#[derive(Debug, Error)]
pub enum SpaceError {
    /// The program cannot be one.
    #[error("{0}")]
    Program(String),
    /// The computer does not allow it.
    #[error("{0}")]
    Computer(String),
}

/// Enters the namespaces. The program is the first process of its own, as in a container: all that it started ends with it, and it ends
/// with this process.
const ENTER: [&str; 9] = [
    "setpriv",
    "--pdeathsig",
    "KILL",
    "unshare",
    "--user",
    "--map-root-user",
    "--pid",
    "--fork",
    "--kill-child",
];

/// Tries whether a file can run with mounts at their paths.
///
/// # Errors
/// It is no executable file, or this computer allows no namespaces.
pub async fn check(program: &Path) -> Result<(), SpaceError> {
    use std::os::unix::fs::PermissionsExt;
    let there = program
        .metadata()
        .map_err(|error| SpaceError::Program(format!("{}: {error}", program.display())))?;
    if !there.is_file() || there.permissions().mode() & 0o111 == 0 {
        return Err(SpaceError::Program(format!("{} is no executable file", program.display())));
    }
    let command = Command::new(ENTER[0])
        .args(&ENTER[1..])
        .args(["--mount", "sh", "-c", "mount -t tmpfs tmpfs /tmp"])
        .timeout(Duration::from_secs(10));
    let refused = |error| {
        SpaceError::Computer(format!(
            "this computer does not let a process have mounts of its own, which a program of yours needs for the files of its pod: {error}\n\
             setpriv and unshare (util-linux) must be there, and user namespaces allowed (sysctl kernel.unprivileged_userns_clone=1; in a \
             container, --security-opt seccomp=unconfined)"
        ))
    };
    Runner::default().run(command).await.map(drop).map_err(refused)
}

/// The command that runs a program in the folder `start`, with these mounts (sources by path) and nothing but this environment. `work` is a folder of its
/// own, in which its way is written down, and its root is.
pub(super) fn command(
    program: &Path,
    args: &[&str],
    env: &BTreeMap<String, String>,
    mounts: &BTreeMap<PathBuf, PathBuf>,
    (start, work): (&Path, &Path),
) -> io::Result<Command> {
    let (root, script) = (work.join("root"), work.join("enter"));
    std::fs::create_dir_all(&root)?;
    let place = quoted(&root.display().to_string());
    // What is bound below must not bring the root itself along.
    let mut text = format!("set -e\nmount -t tmpfs tmpfs {place}\nmount --make-unbindable {place}\n");
    for entry in layout(mounts)? {
        text += &line(&root, &entry);
    }
    text += &format!("exec chroot {place} \"$@\"\n");
    std::fs::write(&script, text)?;
    let pairs = env.iter().map(|(name, value)| format!("{name}={value}"));
    Ok(Command::new(ENTER[0])
        .args(&ENTER[1..])
        .args(["--mount", "sh"])
        .arg(script)
        .args(["env", "-i"])
        .arg(format!("--chdir={}", start.display()))
        .args(pairs)
        .arg(program)
        .args(args))
}

fn line(root: &Path, entry: &Entry) -> String {
    let inside = |path: &Path| quoted(&format!("{}{}", root.display(), path.display()));
    match entry {
        Entry::Folder(path) => format!("mkdir -p {}\n", inside(path)),
        Entry::Link(path, target) => format!("ln -s {} {}\n", quoted(&target.display().to_string()), inside(path)),
        // The processes of its own; a computer that is a container itself may not allow that.
        Entry::Bind(path, _) if path == Path::new("/proc") => {
            let target = inside(path);
            format!("mkdir -p {target}\nmount -t proc proc {target} 2>/dev/null || mount --rbind /proc {target}\n")
        }
        Entry::Bind(path, from) => {
            // What of the computer's own is gone by now, or not to be had, is not there for the process either.
            let own = if path == from { " 2>/dev/null || :" } else { "" };
            let (target, from) = (inside(path), quoted(&from.display().to_string()));
            format!("if [ -d {from} ]; then mkdir -p {target}; else : > {target}; fi\nmount --rbind {from} {target}{own}\n")
        }
    }
}
