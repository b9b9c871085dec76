//! `exec` and `attach`: a command, and its streams to the client.

mod channels;
mod serve;
mod spdy;
mod status;

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::broadcast::{self, error::RecvError};

use super::handshake::Opened;
use crate::log_reader::{Query, read};
use crate::program::{ContainerContext, LogBuffer, Programs};
use crate::shell::{Invocation, Output, Shell, Stdin, Streams};
use channels::{Receiver, Sender};
use serve::serve;
use status::Ended;

/// What is done in a container.
pub(crate) enum Task {
    /// Runs these words.
    Exec(Box<ContainerContext>, Programs, Vec<String>),
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
        Task::Exec(context, programs, words) => {
            // A shell that reads lines outlives an interrupt.
            let interruptible = !Invocation::is_interactive(&words);
            let run = |streams| exec(*context, programs, words, wanted.tty, streams);
            serve(run, wanted, interruptible, sender, receiver).await;
        }
        Task::Attach(log, stdin) => serve(|streams| attach(log, stdin, streams), wanted, false, sender, receiver).await,
    }
}

async fn exec(context: ContainerContext, programs: Programs, words: Vec<String>, terminal: bool, mut streams: Streams) -> Ended {
    let name = words.first().cloned().unwrap_or_default();
    let shell = Shell::new(context.clone(), programs).on_terminal(terminal);
    let code = tokio::select! {
        biased;
        code = shell.run_as(&words, &mut streams) => code,
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
        match &to {
            Some(to) => show(to.shown(), log, &stdout).await,
            None => follow(log, &stdout).await,
        }
    };
    let input = async {
        if let Some(to) = &to {
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

/// Carries a log's lines to a client until there are no more, or the client is gone.
async fn follow(log: Arc<LogBuffer>, to: &Output) {
    let mut lines = std::pin::pin!(read(log, Query::following()));
    while let Some(line) = lines.next().await {
        if to.write(line).await.is_err() {
            break;
        }
    }
}

/// Carries what a container writes to a client as it is written, until its log ends, or the client is gone.
async fn show(mut live: broadcast::Receiver<Bytes>, log: Arc<LogBuffer>, to: &Output) {
    let nowhere = Output::Null;
    let mut ended = std::pin::pin!(follow(log, &nowhere));
    let mut over = false;
    loop {
        let piece = tokio::select! {
            biased;
            piece = live.recv(), if !over || !live.is_empty() => piece,
            () = &mut ended, if !over => {
                over = true;
                continue;
            }
            else => return,
        };
        match piece {
            Ok(piece) => {
                if to.write(piece).await.is_err() {
                    return;
                }
            }
            // Who reads too slowly misses something, as with a terminal's buffer.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
