//! A container's command, run by the shell: what it writes is the container's log, and it reads what clients attach.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{broadcast, mpsc};

use super::{Input, Output, Shell, Streams, pipe};
use crate::program::{ContainerContext, ExitStatus, Probes, Program, Programs};

/// How many pieces of input wait for the command.
const WAITING: usize = 16;
/// How many pieces of output wait for a client; the oldest go first.
const SHOWN: usize = 1024;
/// A command that is not there, as container runtimes have it.
const NOT_STARTED: ExitStatus = ExitStatus::Exited(128);
/// What an image without a command of its own starts here.
const SHELL: &str = "sh";

/// A container's input, for clients to attach to.
#[derive(Clone)]
pub(crate) struct Stdin {
    to: Arc<Mutex<Option<mpsc::Sender<Bytes>>>>,
    /// Ends with the first client.
    once: bool,
    /// What the container writes, as it does.
    shown: broadcast::Sender<Bytes>,
}

/// A container's command in the shell.
pub(crate) struct Console {
    programs: Programs,
    input: Mutex<Option<Input>>,
    /// Where output goes for those who are attached.
    shown: Option<broadcast::Sender<Bytes>>,
    /// Whether it is shown that a shell waits for a line.
    terminal: bool,
}

impl Console {
    /// A command that reads nothing.
    pub(crate) fn new(programs: Programs) -> Self {
        Self {
            programs,
            input: Mutex::default(),
            shown: None,
            terminal: false,
        }
    }

    /// A command that reads what clients send. `once`: until the first one has no more.
    pub(crate) fn interactive(programs: Programs, once: bool, terminal: bool) -> (Self, Stdin) {
        let (to, from) = mpsc::channel(WAITING);
        let input = Mutex::new(Some(Input::new(from)));
        let to = Arc::new(Mutex::new(Some(to)));
        let shown = broadcast::Sender::new(SHOWN);
        let console = Self {
            programs,
            input,
            shown: Some(shown.clone()),
            terminal,
        };
        (console, Stdin { to, once, shown })
    }
}

impl Stdin {
    /// What the container writes from now on.
    pub(crate) fn shown(&self) -> broadcast::Receiver<Bytes> {
        self.shown.subscribe()
    }

    /// Carries a client's input to the container, for as long as both are there.
    pub(crate) async fn attach(&self, input: Input) {
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
        let output = match &self.shown {
            Some(shown) => Output::shown(context.log.clone(), shown.clone()),
            None => Output::log(context.log.clone()),
        };
        let mut streams = Streams {
            stdin: input.unwrap_or_else(Input::null),
            stdout: output.clone(),
            stderr: output.clone(),
        };
        let mut words: Vec<String> = context.command.iter().chain(&context.args).cloned().collect();
        if words.is_empty() {
            words.push(SHELL.to_owned());
        }
        answer_probes(&context, &self.programs);
        let shell = Shell::new(context, self.programs.clone()).first().on_terminal(self.terminal);
        async move {
            let code = shell.run_as(&words, &mut streams).await;
            output.finish();
            match code {
                Some(code) => ExitStatus::Exited(code),
                None => {
                    // There is no one else to tell.
                    let _ = output
                        .line(format!("exec: {:?}: executable file not found in $PATH", words[0]))
                        .await;
                    NOT_STARTED
                }
            }
        }
        .boxed()
    }
}

/// Runs exec probes and hooks in the container.
fn answer_probes(context: &ContainerContext, programs: &Programs) {
    let (of, programs) = (context.clone(), programs.clone());
    // It belongs to what it refers to, and must not keep that alive.
    of.probes.clone().set_exec({
        let of = ContainerContext {
            probes: Probes::default(),
            ..of
        };
        move |words| {
            let shell = Shell::new(of.clone(), programs.clone());
            async move { probed(shell, words).await }
        }
    });
}

/// Whether a command succeeds; else what it wrote.
async fn probed(shell: Shell, words: Vec<String>) -> Result<(), String> {
    let (stdout, output) = pipe();
    let run = async move {
        let mut streams = Streams {
            stdin: Input::null(),
            stderr: stdout.clone(),
            stdout,
        };
        shell.run_as(&words, &mut streams).await
    };
    let (code, output) = futures::join!(run, output.all());
    let told = String::from_utf8_lossy(&output).trim_end().to_owned();
    match code {
        Some(0) => Ok(()),
        Some(code) if told.is_empty() => Err(format!("command terminated with exit code {code}")),
        Some(_) => Err(told),
        None => Err("executable file not found in $PATH".to_owned()),
    }
}
