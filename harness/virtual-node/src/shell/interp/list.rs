//! Lists and pipelines.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Flow, Jump, Shell};
use crate::shell::streams::{Input, Streams, pipe};
use crate::shell::syntax::{AndOr, Command, Item, List, Pipeline, When};

impl Shell {
    /// Runs commands one after the other.
    pub(super) fn list<'a>(&'a mut self, list: &'a [Item], streams: &'a mut Streams) -> BoxFuture<'a, Flow> {
        async move {
            for item in list {
                if item.background {
                    self.start(&item.what, streams);
                } else {
                    self.and_or(&item.what, streams).await?;
                }
                self.signals(streams).await?;
            }
            Ok(())
        }
        .boxed()
    }

    /// Runs commands in a shell of their own, to the end; their exit code.
    pub(in crate::shell) fn alone<'a>(mut self, list: &'a List, mut streams: Streams) -> BoxFuture<'a, i32> {
        async move {
            let _ = self.list(list, &mut streams).await;
            self.leave(&mut streams).await;
            self.status
        }
        .boxed()
    }

    /// Runs commands without the next one waiting for them. They read nothing.
    fn start(&mut self, what: &Arc<AndOr>, streams: &Streams) {
        let (mut shell, what) = (self.subshell(), what.clone());
        let mut streams = Streams {
            stdin: Input::null(),
            ..streams.clone()
        };
        let run: BoxFuture<'static, i32> = async move {
            let _ = shell.and_or(&what, &mut streams).await;
            shell.leave(&mut streams).await;
            shell.status
        }
        .boxed();
        self.jobs.add(self.context.tasks.spawn(run));
        self.status = 0;
    }

    async fn and_or(&mut self, what: &AndOr, streams: &mut Streams) -> Flow {
        let last = what.rest.len();
        self.looked_at(last > 0, &what.first, streams).await?;
        for (at, (when, pipeline)) in what.rest.iter().enumerate() {
            if (*when == When::Success) == (self.status == 0) {
                self.looked_at(at + 1 < last, pipeline, streams).await?;
            }
        }
        Ok(())
    }

    /// Runs a pipeline. `tested`: it is a condition.
    async fn looked_at(&mut self, tested: bool, pipeline: &Pipeline, streams: &mut Streams) -> Flow {
        let tested = u32::from(tested || pipeline.negated);
        self.tested += tested;
        let flow = self.pipeline(pipeline, streams).await;
        self.tested -= tested;
        if pipeline.negated {
            self.status = i32::from(self.status == 0);
        }
        flow
    }

    async fn pipeline(&mut self, pipeline: &Pipeline, streams: &mut Streams) -> Flow {
        if let [command] = pipeline.commands.as_slice() {
            return self.command(command, streams).await;
        }
        let codes = self.piped(&pipeline.commands, streams).await;
        let failed = codes.iter().rev().find(|code| **code != 0).filter(|_| self.options.pipefail);
        self.status = failed.or(codes.last()).copied().unwrap_or_default();
        self.check()
    }

    /// Runs commands side by side, each in a shell of its own, reading what the one before it writes.
    async fn piped(&mut self, commands: &[Command], streams: &Streams) -> Vec<i32> {
        let (mut running, mut stdin) = (Vec::new(), streams.stdin.clone());
        for (at, command) in commands.iter().enumerate() {
            let (stdout, next) = match at + 1 == commands.len() {
                true => (streams.stdout.clone(), Input::null()),
                false => pipe(),
            };
            let mut own = Streams {
                stdin: std::mem::replace(&mut stdin, next),
                stdout,
                stderr: streams.stderr.clone(),
            };
            let mut shell = self.subshell();
            running.push(async move {
                let _ = shell.command(command, &mut own).await;
                shell.leave(&mut own).await;
                shell.status
            });
        }
        futures::future::join_all(running).await
    }

    /// The end of a command: whether its failure ends the shell.
    pub(super) fn check(&self) -> Flow {
        let ends = self.options.errexit && self.status != 0 && self.tested == 0;
        if ends { Err(Jump::Exit) } else { Ok(()) }
    }

    /// Runs commands as a condition; whether they succeed.
    pub(super) async fn condition(&mut self, list: &[Item], streams: &mut Streams) -> Result<bool, Jump> {
        self.tested += 1;
        let flow = self.list(list, streams).await;
        self.tested -= 1;
        flow.map(|()| self.status == 0)
    }
}
