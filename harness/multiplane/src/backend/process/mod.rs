//! The one place that starts processes.
//!
//! A command runs in a process group of its own, with an environment that is cleared to an allow-list (never `KUBECONFIG`). When it takes too
//! long, or whoever waits for it stops to wait, the whole group is told to end and then killed: a command's own children (`docker run` below
//! `kind create`) would otherwise live on. [`Runner::idle`] tells when the last group has ended, so that clean-up starts after it.

mod command;
mod error;
mod follow;
mod group;

use std::fmt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use command::Command;
pub use error::ProcessError;
pub(crate) use group::end_group;

/// How long a group may take to end by itself once it is told to.
const GRACE: Duration = Duration::from_secs(5);
/// How long output is still read after the command has ended: a child that it left behind may hold the pipe for ever.
const DRAIN: Duration = Duration::from_millis(500);

/// What a command that ended well said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The standard output.
    pub stdout: String,
    /// The standard error output.
    pub stderr: String,
}

/// Runs commands. Clones share what is under way.
#[derive(Clone, Default)]
pub struct Runner {
    under_way: Arc<TaskTracker>,
    told: Option<Told>,
    heard: Option<Line>,
}

/// Told of every line that a command writes.
pub type Line = Arc<dyn Fn(&str) + Send + Sync>;

/// Told of a command's process id, which is its group's as well.
type Told = Arc<dyn Fn(u32) + Send + Sync>;

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// Tells of the process id of every command, as soon as it runs.
    pub fn telling(told: impl Fn(u32) + Send + Sync + 'static) -> Self {
        Self {
            told: Some(Arc::new(told)),
            ..Self::default()
        }
    }

    /// Tells of the last line that a command has written, as it goes on.
    #[must_use]
    pub fn hearing(self, heard: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            heard: Some(Arc::new(heard)),
            ..self
        }
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// [`ProcessError`] if it cannot be started, ends with another status than 0, or takes longer than it may.
    pub async fn run(&self, command: Command) -> Result<Output, ProcessError> {
        let cancel = CancellationToken::new();
        let (sender, receiver) = oneshot::channel();
        let (task, token) = (command.clone(), cancel.clone());
        let (told, heard) = (self.told.clone(), self.heard.clone());
        // A task of its own: it outlives a caller that is dropped, and ends what the caller no longer waits for.
        self.under_way.spawn(async move {
            let _ = sender.send(attend(&task, &token, told.as_ref(), heard.as_ref()).await);
        });
        let _cancel = cancel.drop_guard();
        receiver.await.unwrap_or_else(|_| Err(ProcessError::cancelled(&command)))
    }

    /// Runs a command that talks until it ends: every line of its output is told at once. `stop` asks it to end, as SIGTERM does; whoever stops to wait
    /// for it ends it for good. Its time is not limited.
    ///
    /// # Errors
    /// [`ProcessError`] if it cannot be started.
    pub async fn follow(&self, command: Command, line: Line, stop: CancellationToken) -> Result<ExitStatus, ProcessError> {
        let cancel = CancellationToken::new();
        let (sender, receiver) = oneshot::channel();
        let (task, token, told) = (command.clone(), cancel.clone(), self.told.clone());
        self.under_way.spawn(async move {
            let _ = sender.send(follow::follow(&task, told.as_ref(), &line, &stop, &token).await);
        });
        let _cancel = cancel.drop_guard();
        receiver.await.unwrap_or_else(|_| Err(ProcessError::cancelled(&command)))
    }

    /// Waits until every command has ended, those included that nobody waits for any more.
    pub async fn idle(&self) {
        self.under_way.close();
        self.under_way.wait().await;
        self.under_way.reopen();
    }
}

/// Starts a command, and tells of it.
fn begin(command: &Command, told: Option<&Told>) -> Result<Child, ProcessError> {
    let child = start(command)?;
    if let (Some(pid), Some(told)) = (child.id(), told) {
        told(pid);
    }
    Ok(child)
}

/// Starts a command and sees it through.
async fn attend(command: &Command, cancel: &CancellationToken, told: Option<&Told>, heard: Option<&Line>) -> Result<Output, ProcessError> {
    let mut child = begin(command, told)?;
    let group = child.id();
    let stdin = child.stdin.take();
    let input = command.stdin.clone();
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let why = {
        let talk = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A command that does not read its input says so by its exit status.
                let _ = stdin.write_all(&input).await;
            }
        };
        let read = async { tokio::join!(collect(&mut stdout, &mut out, heard), collect(&mut stderr, &mut err, heard), talk) };
        tokio::pin!(read);
        let ended = async {
            tokio::select! {
                _ = &mut read => child.wait().await,
                status = child.wait() => {
                    let _ = tokio::time::timeout(DRAIN, &mut read).await;
                    status
                }
            }
        };
        tokio::select! {
            biased;
            status = ended => Why::Ended(status),
            () = tokio::time::sleep(command.timeout) => Why::TimedOut,
            () = cancel.cancelled() => Why::Cancelled,
        }
    };
    if !matches!(why, Why::Ended(_)) {
        stop(&mut child, group).await;
    }
    let output = Output {
        stdout: String::from_utf8_lossy(&out).into_owned(),
        stderr: String::from_utf8_lossy(&err).into_owned(),
    };
    match why {
        Why::Ended(Ok(status)) if status.success() => Ok(output),
        Why::Ended(Ok(status)) => Err(ProcessError::exit(command, status, output)),
        Why::Ended(Err(error)) => Err(ProcessError::start(command, &error)),
        Why::TimedOut => Err(ProcessError::timed_out(command, output)),
        Why::Cancelled => Err(ProcessError::cancelled(command)),
    }
}

enum Why {
    Ended(std::io::Result<std::process::ExitStatus>),
    TimedOut,
    Cancelled,
}

#[expect(clippy::disallowed_methods, reason = "the one runner")]
fn start(command: &Command) -> Result<Child, ProcessError> {
    let mut process = tokio::process::Command::new(&command.program);
    process
        .args(&command.args)
        .env_clear()
        .envs(command.environment())
        .stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(dir) = &command.dir {
        process.current_dir(dir);
    }
    process.spawn().map_err(|error| ProcessError::start(command, &error))
}

/// Reads to the end; what cannot be read is lost, the status still tells.
async fn collect(pipe: &mut Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>, heard: Option<&Line>) {
    let Some(pipe) = pipe else { return };
    while pipe.read_buf(into).await.is_ok_and(|read| read > 0) {
        let lines = into.split(|byte| *byte == b'\n');
        if let (Some(heard), Some(last)) = (heard, lines.rev().find(|line| !line.is_empty())) {
            heard(&String::from_utf8_lossy(last));
        }
    }
}

/// Ends the group: politely, then not.
async fn stop(child: &mut Child, group: Option<u32>) {
    if let Some(group) = group {
        end_group(group, "TERM").await;
    }
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        if let Some(group) = group {
            end_group(group, "KILL").await;
        }
        let _ = child.kill().await;
    } else if let Some(group) = group {
        // The leader has gone; members that ignored the signal have not.
        end_group(group, "KILL").await;
    }
}

#[cfg(test)]
mod tests;
