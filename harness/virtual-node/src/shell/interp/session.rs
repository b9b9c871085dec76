//! A shell from its start to its end.

use super::{Flow, Invocation, Jump, SYNTAX, Shell, Source};
use crate::shell::streams::Streams;
use crate::shell::syntax::{SyntaxError, parse};

/// As images with nothing but busybox have it.
const PROMPT: &str = "/ # ";
/// Before a line that goes on.
const MORE: &str = "> ";
/// A script that is not there.
const NO_SCRIPT: i32 = 2;

impl Shell {
    /// Runs what a shell's command line says; its exit code.
    pub(super) async fn invoked(&mut self, words: &[String], streams: &mut Streams) -> i32 {
        let invocation = match Invocation::read(words) {
            Ok(invocation) => invocation,
            Err(refused) => {
                self.complain(streams, &refused).await;
                return SYNTAX;
            }
        };
        (self.dialect, self.options) = (invocation.dialect, invocation.options);
        (self.name, self.params) = (invocation.name, invocation.params);
        match invocation.source {
            // Whatever ends a script, it has ended.
            Source::Line(line) => drop(self.evaluate(&line, streams).await),
            Source::Stdin => self.interact(streams).await,
            Source::File(path) => match self.context.files.read_to_string(&self.path(&path)) {
                Ok(script) => drop(self.evaluate(&script, streams).await),
                Err(_) => {
                    self.complain(streams, &format!("can't open '{path}': No such file or directory"))
                        .await;
                    self.status = NO_SCRIPT;
                }
            },
        }
        self.leave(streams).await;
        self.status
    }

    /// Reads commands and runs them in this shell.
    pub(in crate::shell) async fn evaluate(&mut self, text: &str, streams: &mut Streams) -> Flow {
        match parse(text, self.dialect) {
            Ok(list) => {
                self.sink(streams).await?;
                let flow = self.list(&list, streams).await;
                self.rise();
                flow
            }
            Err(error) => {
                self.complain(streams, &error.to_string()).await;
                self.status = SYNTAX;
                Err(Jump::Abort)
            }
        }
    }

    /// Reads commands from standard input and runs each as soon as it is whole, until the end or `exit`.
    async fn interact(&mut self, streams: &mut Streams) {
        let mut text = String::new();
        loop {
            if self.prompts {
                // Who sees no prompt sees no output, either.
                let _ = streams.stderr.write(if text.is_empty() { PROMPT } else { MORE }).await;
            }
            let line = tokio::select! {
                biased;
                line = streams.stdin.line() => line,
                () = self.trapped() => {
                    if self.signals(streams).await == Err(Jump::Exit) {
                        return;
                    }
                    continue;
                }
            };
            let ended = line.is_none();
            text.push_str(&String::from_utf8_lossy(&line.unwrap_or_default()));
            let waits = matches!(parse(&text, self.dialect), Err(SyntaxError::Unterminated(_)));
            if waits && !ended {
                continue;
            }
            let text = std::mem::take(&mut text);
            let flow = match text.trim().is_empty() {
                true => Ok(()),
                false => self.evaluate(&text, streams).await,
            };
            let over = match flow {
                Err(Jump::Exit) => true,
                Err(Jump::Abort) => !self.prompts,
                _ => false,
            };
            if over || ended {
                return;
            }
        }
    }
}
