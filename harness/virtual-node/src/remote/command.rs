//! `exec` and `attach`: a command's streams on the channels of a WebSocket.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::websocket::{Incoming, Receiver, Sender};
use crate::log_reader::{Query, read};
use crate::program::{ContainerContext, LogBuffer, Programs};
use crate::shell::{Input, Output, Shell, Streams, pipe};

/// How many pieces of input wait for the command.
const WAITING: usize = 16;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;

/// How a command ended.
pub(crate) enum Ended {
    Code(i32),
    /// It never started, for this reason.
    NotStarted(String),
}

/// Which streams the client wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) stdin: bool,
    pub(crate) stdout: bool,
    pub(crate) stderr: bool,
    /// A terminal has one output.
    pub(crate) tty: bool,
}

/// Runs `words` in a container.
pub(crate) async fn exec(context: ContainerContext, programs: Programs, words: Vec<String>, wanted: Wanted, socket: (Sender, Receiver)) {
    let run = |mut streams: Streams| async move {
        let name = words.first().cloned().unwrap_or_default();
        let shell = Shell::new(context.clone(), programs);
        let code = tokio::select! {
            biased;
            code = shell.command(words, &mut streams) => code,
            // Killed with its container.
            () = context.tasks.ended().cancelled() => Some(137),
        };
        match code {
            Some(code) => Ended::Code(code),
            None => Ended::NotStarted(format!("exec: {name:?}: executable file not found in $PATH")),
        }
    };
    serve(run, wanted, socket).await;
}

/// Shows a container's output from now on, until it ends or the client leaves. Nothing here reads a container's standard input.
pub(crate) async fn attach(log: Arc<LogBuffer>, wanted: Wanted, socket: (Sender, Receiver)) {
    let follow = |streams: Streams| async move {
        let mut lines = std::pin::pin!(read(log, Query::following()));
        while let Some(line) = lines.next().await {
            if streams.stdout.write(line).await.is_err() {
                break;
            }
        }
        Ended::Code(0)
    };
    serve(follow, wanted, socket).await;
}

/// Carries the streams of a command between it and the client, then tells how it ended.
async fn serve<F: Future<Output = Ended>>(run: impl FnOnce(Streams) -> F, wanted: Wanted, (mut sender, mut receiver): (Sender, Receiver)) {
    let (to_stdin, stdin) = mpsc::channel(WAITING);
    let mut to_stdin = wanted.stdin.then_some(to_stdin);
    // Input that the command has no room for yet. Nothing more is read from the client until then.
    let mut held: Option<Bytes> = None;
    let (streams, mut from_stdout, mut from_stderr) = streams(wanted, Input::new(stdin));
    let mut running = std::pin::pin!(run(streams));
    let (mut ended, mut open) = (None, (true, true));
    // The command may have ended before all that it wrote is sent.
    while ended.is_none() || open.0 || open.1 {
        tokio::select! {
            biased;
            chunk = from_stdout.chunk(), if open.0 => match chunk {
                Some(chunk) if !sender.send(STDOUT, &chunk).await => return,
                Some(_) => {}
                None => open.0 = false,
            },
            chunk = from_stderr.chunk(), if open.1 => match chunk {
                Some(chunk) if !sender.send(STDERR, &chunk).await => return,
                Some(_) => {}
                None => open.1 = false,
            },
            end = &mut running, if ended.is_none() => ended = Some(end),
            room = room(to_stdin.clone()), if held.is_some() => {
                if let (Some(room), Some(data)) = (room, held.take()) {
                    room.send(data);
                }
            }
            message = receiver.next(), if held.is_none() => match message {
                Some(Incoming::Data(STDIN, data)) => held = Some(data),
                Some(Incoming::End(STDIN)) => drop(to_stdin.take()),
                // Nothing here depends on a terminal's size.
                Some(_) => {}
                None => return,
            },
        }
    }
    if let Some(ended) = ended {
        sender.send(ERROR, status(&ended).to_string().as_bytes()).await;
    }
    sender.close().await;
}

/// The streams of a command, and what comes out of them. What is not wanted ends at once.
fn streams(wanted: Wanted, stdin: Input) -> (Streams, Input, Input) {
    let ((out, from_stdout), (err, from_stderr)) = (pipe(), pipe());
    let stdout = if wanted.stdout { out } else { Output::Null };
    let stderr = match (wanted.tty, wanted.stderr) {
        (true, _) => stdout.clone(),
        (false, true) => err,
        (false, false) => Output::Null,
    };
    (Streams { stdin, stdout, stderr }, from_stdout, from_stderr)
}

/// Room for input; `None` where the command reads no more.
async fn room(stdin: Option<mpsc::Sender<Bytes>>) -> Option<mpsc::OwnedPermit<Bytes>> {
    stdin?.reserve_owned().await.ok()
}

/// The `Status` that tells how a command ended.
fn status(ended: &Ended) -> Value {
    match ended {
        Ended::Code(0) => json!({"metadata": {}, "status": "Success"}),
        Ended::Code(code) => json!({
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: exit status {code}"),
            "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
        }),
        Ended::NotStarted(why) => {
            let cause = format!(
                "error executing command in container: failed to exec in container: OCI runtime exec failed: exec failed: unable to start container process: {why}"
            );
            json!({
                "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
                "message": format!("Internal error occurred: {cause}"),
                "details": {"causes": [{"message": cause}]},
            })
        }
    }
}
