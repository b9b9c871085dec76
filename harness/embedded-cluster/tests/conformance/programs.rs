//! Programs that end with the test, however it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A shell in a process group of its own that runs a program, and kills the group when the program ends or its own input does. That input is a pipe
/// that we hold: it is closed when we drop it, and when we are killed.
const KEEPER: &str = r#"{ "$@" </dev/null; echo "ended with $?"; kill -s KILL -- -$$; } & cat >/dev/null; kill -s KILL -- -$$"#;

/// A program that runs.
pub(crate) struct Program {
    keeper: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it, with its output in a file of `folder`.
    #[expect(clippy::disallowed_methods, reason = "no program of ours")]
    pub(crate) fn start(program: &Path, folder: &Path, arguments: &[String]) -> Result<Self, String> {
        use std::os::unix::process::CommandExt;
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let log = folder.join(format!("{name}.log"));
        let told = |error: std::io::Error| format!("{}: {error}", program.display());
        let output = File::create(&log).map_err(told)?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(output.try_clone().map_err(told)?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .map_err(told)?;
        Ok(Self { keeper, log })
    }

    /// What it said last, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.keeper.try_wait().ok().flatten().map(|_| self.last())
    }

    /// The last lines of its output.
    pub(crate) fn last(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        format!("{}:\n{}", self.log.display(), lines[lines.len().saturating_sub(20)..].join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Whoever removes its folder must come after it.
        let _ = self.keeper.wait();
    }
}
