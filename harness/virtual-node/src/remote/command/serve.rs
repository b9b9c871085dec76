//! What goes to and fro between a command and its client.

use bytes::Bytes;
use tokio::sync::mpsc;

use super::Wanted;
use super::channels::{Channel, Incoming, Receiver, Sender};
use super::status::Ended;
use crate::remote::room;
use crate::remote::terminal::{Terminal, shown};
use crate::shell::{Input, Output, Streams, pipe};

/// How many pieces of input wait for the command.
const WAITING: usize = 16;
/// Ended by SIGINT.
const INTERRUPTED: Ended = Ended::Code(128 + 2);

/// Input that the command has no room for yet. Nothing more is read from the client until then.
struct Held {
    data: Bytes,
    /// There is no more after it.
    last: bool,
}

/// Carries the streams of a command between it and the client, then tells how it ended. `interruptible`: it ends where the client's terminal says so.
pub(super) async fn serve<F: Future<Output = Ended>>(
    run: impl FnOnce(Streams) -> F,
    wanted: Wanted,
    interruptible: bool,
    mut sender: Sender,
    mut receiver: Receiver,
) {
    let (to_stdin, stdin) = mpsc::channel(WAITING);
    let mut to_stdin = wanted.stdin.then_some(to_stdin);
    let mut held: Option<Held> = None;
    let mut terminal = wanted.tty.then(Terminal::default);
    let (streams, from_stdout, from_stderr) = streams(wanted, Input::new(stdin));
    let mut running = std::pin::pin!(run(streams));
    let (mut ended, mut open) = (None, (true, true));
    // The command may have ended before all that it wrote is sent.
    while ended.is_none() || open.0 || open.1 {
        tokio::select! {
            biased;
            chunk = from_stdout.chunk(), if open.0 => match chunk {
                Some(chunk) => {
                    let chunk = if wanted.tty { shown(&chunk) } else { chunk };
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
                if let Some(Held { data, last }) = held.take() {
                    // A command that reads no more has no room.
                    if let Some(room) = room.filter(|_| !data.is_empty()) {
                        room.send(data);
                    }
                    if last {
                        drop(to_stdin.take());
                    }
                }
            }
            message = receiver.next(), if held.is_none() => match (message, &mut terminal) {
                (Some(Incoming::Stdin(data)), None) => held = Some(Held { data, last: false }),
                (Some(Incoming::Stdin(keys)), Some(terminal)) => {
                    let typed = terminal.typed(&keys);
                    if !typed.echo.is_empty() && !sender.send(Channel::Stdout, typed.echo.into()).await {
                        return;
                    }
                    if typed.interrupt && interruptible {
                        ended = Some(INTERRUPTED);
                        break;
                    }
                    held = Some(Held { data: typed.input.into(), last: typed.end });
                }
                (Some(Incoming::EndOfStdin), _) => held = Some(Held { data: Bytes::new(), last: true }),
                (None, _) => return,
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
