//! The program under test as a process of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) exit: Option<i32>,
    pub(crate) text: String,
}

/// `multiplane`, with a state of its own.
#[expect(clippy::disallowed_methods, reason = "the program under test")]
pub(crate) fn multiplane(state: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_multiplane"));
    command
        .args(args)
        .env("MULTIPLANE_STATE", state)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for a command.
pub(crate) fn finish(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        exit: output.status.code(),
        text: format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}
