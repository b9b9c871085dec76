//! Why a command did not do its work.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

use super::{Command, Output};

/// Lines of the error output that a message shows.
const TAIL: usize = 12;

/// Why a command did not do its work.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// The program is not there.
    #[error("{program}: no such program")]
    Missing {
        /// The program's name or path.
        program: String,
    },
    /// It could not be started.
    #[error("{command}: cannot be run: {message}")]
    Start {
        /// The command.
        command: String,
        /// What the operating system says.
        message: String,
    },
    /// It ended with a status other than 0.
    #[error("{command}: {status}{}", tail(.output))]
    Exit {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// All it said.
        output: Output,
    },
    /// It took too long, and was ended.
    #[error("{command}: not done after {} s{}", .after.as_secs(), tail(.output))]
    TimedOut {
        /// The command.
        command: String,
        /// How long it had.
        after: Duration,
        /// All it said.
        output: Output,
    },
    /// Nobody waits for it any more, and it was ended.
    #[error("{command}: cancelled")]
    Cancelled {
        /// The command.
        command: String,
    },
}

impl ProcessError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "process-missing",
            Self::Start { .. } => "process-start",
            Self::Exit { .. } => "process-exit",
            Self::TimedOut { .. } => "process-timed-out",
            Self::Cancelled { .. } => "process-cancelled",
        }
    }

    /// The whole error output; empty where it never ran.
    pub fn stderr(&self) -> &str {
        match self {
            Self::Exit { output, .. } | Self::TimedOut { output, .. } => &output.stderr,
            _ => "",
        }
    }

    /// What it wrote to its standard output before it failed.
    pub fn stdout(&self) -> &str {
        match self {
            Self::Exit { output, .. } | Self::TimedOut { output, .. } => &output.stdout,
            _ => "",
        }
    }

    pub(super) fn start(command: &Command, error: &io::Error) -> Self {
        // Also what a missing working folder looks like; ours are made before.
        if error.kind() == io::ErrorKind::NotFound {
            let program = command.program().display().to_string();
            return Self::Missing { program };
        }
        Self::Start {
            command: command.to_string(),
            message: error.to_string(),
        }
    }

    pub(super) fn exit(command: &Command, status: ExitStatus, output: Output) -> Self {
        Self::Exit {
            command: command.to_string(),
            status,
            output,
        }
    }

    pub(super) fn timed_out(command: &Command, output: Output) -> Self {
        Self::TimedOut {
            command: command.to_string(),
            after: command.timeout,
            output,
        }
    }

    pub(super) fn cancelled(command: &Command) -> Self {
        Self::Cancelled {
            command: command.to_string(),
        }
    }
}

fn tail(output: &Output) -> String {
    let lines: Vec<&str> = output.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = &lines[lines.len().saturating_sub(TAIL)..];
    shown.iter().map(|line| format!("\n  | {line}")).collect()
}
