//! `exec` and `attach`: a command, and its streams to the client.

mod channels;
mod spdy;
mod status;

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::handshake::Opened;
use super::room;
use crate::log_reader::{Query, read};
use crate::program::{ContainerContext, LogBuffer, Programs};
use crate::shell::{Input, Output, Shell, Stdin, Streams, pipe};
use channels::{Channel, Incoming, Receiver, Sender};
use status::Ended;

/// How many pieces of input wait for the command.
const WAITING: usize = 16;

/// What is done in a container.
pub(crate) enum Task {
    /// Runs these words.
    Exec(ContainerContext, Programs, Vec<String>),
    /// Shows its output from now on, until it ends or the client leaves. Input goes to a container that reads it; others' is passed over.
    Attach(Arc<LogBuffer>, Option<Stdin>),
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

/// Does something in a container over a client's streams.
pub(crate) async fn command(task: Task, wanted: Wanted, opened: Opened) {
    match opened {
        Opened::Channels(sender, receiver) => carry(task, wanted, Sender::WebSocket(sender), Receiver::WebSocket(receiver)).await,
        Opened::Spdy(over) => {
            let serve = async {
                if let Some((sender, receiver)) = spdy::channels(over.streams, wanted, over.protocol).await {
                    carry(task, wanted, Sender::Spdy(sender), Receiver::Spdy(receiver)).await;
                }
            };
            super::beside(over.run, serve).await;
        }
    }
}

async fn carry(task: Task, wanted: Wanted, sender: Sender, receiver: Receiver) {
    match task {
        Task::Exec(context, programs, words) => serve(|streams| exec(context, programs, words, streams), wanted, sender, receiver).await,
        Task::Attach(log, stdin) => serve(|streams| attach(log, stdin, streams), wanted, sender, receiver).await,
    }
}

async fn exec(context: ContainerContext, programs: Programs, words: Vec<String>, mut streams: Streams) -> Ended {
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
}

async fn attach(log: Arc<LogBuffer>, to: Option<Stdin>, streams: Streams) -> Ended {
    let Streams { stdin, stdout, .. } = streams;
    let show = async {
        let mut lines = std::pin::pin!(read(log, Query::following()));
        while let Some(line) = lines.next().await {
            if stdout.write(line).await.is_err() {
                break;
            }
        }
    };
    let input = async {
        if let Some(to) = to {
            to.attach(stdin).await;
        }
        // The end of the input is not that of the output.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        // First, so that it misses nothing of what the input leads to.
        () = show => {}
        () = input => {}
    }
    Ended::Code(0)
}

/// Carries the streams of a command between it and the client, then tells how it ended.
async fn serve<F: Future<Output = Ended>>(run: impl FnOnce(Streams) -> F, wanted: Wanted, mut sender: Sender, mut receiver: Receiver) {
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
                Some(chunk) => {
                    if !sender.send(Channel::Stdout, chunk).await {
                        return;
                    }
                }
                None => open.0 = false,
            },
            chunk = from_stderr.chunk(), if open.1 => match chunk {
                Some(chunk) => {
                    if !sender.send(Channel::Stderr, chunk).await {
                        return;
                    }
                }
                None => open.1 = false,
            },
            end = &mut running, if ended.is_none() => ended = Some(end),
            room = room(to_stdin.clone()), if held.is_some() => {
                if let (Some(room), Some(data)) = (room, held.take()) {
                    room.send(data);
                }
            }
            message = receiver.next(), if held.is_none() => match message {
                Some(Incoming::Stdin(data)) => held = Some(data),
                Some(Incoming::EndOfStdin) => drop(to_stdin.take()),
                None => return,
            },
        }
    }
    if let Some(ended) = ended {
        sender.close(&ended).await;
    }
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
