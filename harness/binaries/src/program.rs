//! Programs that end with this process, however it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::StartError;

/// A shell in a process group of its own that runs a program, and kills the group when the program ends or its own input does. That input is a pipe
/// that we hold: it is closed when we drop it, and when we are killed.
const KEEPER: &str = r#"{ "$@" </dev/null; echo "ended with $?"; kill -s KILL -- -$$; } & cat >/dev/null; kill -s KILL -- -$$"#;
/// Lines of a log that are told.
const LAST: usize = 20;

/// A program that runs.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    keeper: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it, with its output in a file of `folder`. It inherits nothing but `PATH`.
    #[expect(
        clippy::disallowed_methods,
        reason = "in a group of its own, with nothing of the environment, and ended as a group"
    )]
    pub(crate) fn start(program: &Path, folder: &Path, arguments: &[String]) -> Result<Self, StartError> {
        use std::os::unix::process::CommandExt;
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let log = folder.join(format!("{name}.log"));
        let failed = || StartError::io(program.display().to_string());
        let output = File::create(&log).map_err(failed())?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(output.try_clone().map_err(failed())?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .map_err(failed())?;
        Ok(Self { name, keeper, log })
    }

    /// Its process group.
    pub(crate) fn group(&self) -> u32 {
        self.keeper.id()
    }

    /// The file of its output.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Fails if it has ended.
    pub(crate) fn check(&mut self) -> Result<(), StartError> {
        if self.keeper.try_wait().ok().flatten().is_none() {
            return Ok(());
        }
        Err(StartError::Ended {
            program: self.name.clone(),
            log: self.log.clone(),
            last: self.last(),
        })
    }

    /// It took too long.
    pub(crate) fn late(&self, seconds: u64) -> StartError {
        StartError::Late {
            program: self.name.clone(),
            seconds,
            log: self.log.clone(),
            last: self.last(),
        }
    }

    /// The last lines of its output.
    fn last(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Whoever removes its folder must come after it.
        let _ = self.keeper.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_tells_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(
            Path::new("/bin/sh"),
            folder.path(),
            &["-c".into(), "echo no such flag; exit 3".into()],
        )
        .unwrap();
        let error = loop {
            match program.check() {
                Ok(()) => pause(),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), "program-ended");
        assert!(error.to_string().ends_with("no such flag\nended with 3"), "{error}");
    }

    #[test]
    fn a_program_and_its_children_end_with_us() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(Path::new("/bin/sh"), folder.path(), &["-c".into(), "sleep 600 & sleep 600".into()]).unwrap();
        program.check().unwrap();
        let group = program.group();
        drop(program);
        let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let pids = || {
            std::fs::read_dir("/proc")
                .unwrap()
                .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        };
        // After the name: state, parent, group. A zombie waits for init only.
        let in_group = |stat: &str| {
            let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
            fields.get(2) == Some(&&*group.to_string()) && fields[0] != "Z"
        };
        let left = || pids().filter(|pid| in_group(&stat(pid))).collect::<Vec<String>>();
        // A signal is sent before it has done its work.
        for _ in 0..1000 {
            if left().is_empty() {
                return;
            }
            pause();
        }
        panic!("there are {:?}", left());
    }

    #[expect(clippy::disallowed_methods, reason = "waits for other processes")]
    fn pause() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
