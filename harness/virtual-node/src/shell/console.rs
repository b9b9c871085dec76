//! What an ephemeral container runs: its command, or a shell, on input that clients attach to.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::{Input, Output, Shell, Streams};
use crate::program::{ContainerContext, ExitStatus, Program, Programs};

/// How many pieces of input wait for the command.
const WAITING: usize = 16;
/// A command that is not there, as container runtimes have it.
const NOT_STARTED: ExitStatus = ExitStatus::Exited(128);
/// Ended by SIGTERM.
const STOPPED: ExitStatus = ExitStatus::Exited(128 + 15);
/// What an image without a command of its own starts here.
const SHELL: &str = "sh";

/// Standard input of a container, for clients to attach to.
#[derive(Clone)]
pub(crate) struct Stdin {
    to: Arc<Mutex<Option<mpsc::Sender<Bytes>>>>,
    /// Ends with the first client.
    once: bool,
}

/// A container's command in the shell.
pub(crate) struct Console {
    programs: Programs,
    input: Mutex<Option<Input>>,
}

impl Console {
    /// A command that reads nothing.
    pub(crate) fn new(programs: Programs) -> Self {
        let input = Mutex::default();
        Self { programs, input }
    }

    /// A command that reads what clients send. `once`: until the first one has no more.
    pub(crate) fn interactive(programs: Programs, once: bool) -> (Self, Stdin) {
        let (to, from) = mpsc::channel(WAITING);
        let input = Mutex::new(Some(Input::new(from)));
        let to = Arc::new(Mutex::new(Some(to)));
        (Self { programs, input }, Stdin { to, once })
    }
}

impl Stdin {
    /// Carries a client's input to the container, for as long as both are there.
    pub(crate) async fn attach(&self, mut input: Input) {
        while let Some(piece) = input.chunk().await {
            let to = self.to.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let Some(to) = to else { return };
            if to.send(piece).await.is_err() {
                return;
            }
        }
        if self.once {
            *self.to.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl Program for Console {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner).take();
        let output = Output::log(context.log.clone());
        let mut streams = Streams {
            stdin: input.unwrap_or_else(Input::null),
            stdout: output.clone(),
            stderr: output.clone(),
        };
        let mut words: Vec<String> = context.command.iter().chain(&context.args).cloned().collect();
        if words.is_empty() {
            words.push(SHELL.to_owned());
        }
        let (name, stop) = (words[0].clone(), context.stop.clone());
        let shell = Shell::new(context, self.programs.clone());
        async move {
            let code = tokio::select! {
                biased;
                code = shell.command(words, &mut streams) => code,
                () = stop.cancelled() => return STOPPED,
            };
            output.finish();
            match code {
                Some(code) => ExitStatus::Exited(code),
                None => {
                    // There is no one else to tell.
                    let _ = output.line(format!("exec: {name:?}: executable file not found in $PATH")).await;
                    NOT_STARTED
                }
            }
        }
        .boxed()
    }
}
