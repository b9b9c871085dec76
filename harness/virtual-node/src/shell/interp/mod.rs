//! Running scripts.

mod compound;
mod invocation;
mod jobs;
mod list;
mod options;
mod pace;
mod redirect;
mod session;
mod signals;
mod simple;
mod vars;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use invocation::{Invocation, Source, signed};
pub(crate) use jobs::{Jobs, TERMINATED};
pub(crate) use options::Options;
pub(crate) use pace::Pace;
pub(crate) use redirect::parent;
pub(crate) use signals::{Traps, signal, signal_name};
pub(crate) use simple::quoted;
pub(crate) use vars::{Var, Vars};

use super::expand::Problem;
use super::streams::Streams;
use super::syntax::{Command, Dialect};
use crate::program::{ContainerContext, Programs};

/// A shell's exit code for a script that it cannot read or go on with.
pub(super) const SYNTAX: i32 = 2;
/// How deep functions, blocks and commands in words may call each other.
const DEPTH: u32 = 150;

/// What is left of a list of commands, where it does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jump {
    /// So many loops end.
    Break(u32),
    /// The loop so many above goes on with its next round.
    Continue(u32),
    /// The function ends.
    Return,
    /// The shell ends.
    Exit,
    /// The script cannot go on; a shell at a terminal takes the next line.
    Abort,
}

/// Whether what comes next runs. How the last command ended is [`Shell::status`].
pub(crate) type Flow = Result<(), Jump>;

/// A shell in a container.
pub(crate) struct Shell {
    pub(crate) context: ContainerContext,
    pub(crate) programs: Programs,
    pub(super) vars: Vars,
    pub(super) functions: BTreeMap<String, Arc<Command>>,
    /// `$0`
    pub(super) name: String,
    /// `$1` and so on.
    pub(super) params: Vec<String>,
    pub(super) options: Options,
    /// The folder that relative paths begin in.
    pub(crate) cwd: String,
    /// How the last command ended.
    pub(super) status: i32,
    /// How the last command within a word ended, for a command without a name.
    pub(super) substituted: Option<i32>,
    pub(super) pid: u32,
    pub(super) jobs: Jobs,
    pub(super) traps: Traps,
    /// Variables that functions have made their own, to be put back.
    pub(super) locals: Vec<Vec<(String, Option<Var>)>>,
    pub(super) loops: u32,
    dialect: Dialect,
    depth: u32,
    /// Within a condition, where a failure is no end.
    tested: u32,
    pub(super) pace: Pace,
    /// Whether it tells somebody at a terminal that it waits for a line.
    prompts: bool,
}

impl Shell {
    /// A shell with a container's environment.
    pub(crate) fn new(context: ContainerContext, programs: Programs) -> Self {
        Self {
            vars: Vars::from_env(&context.env),
            cwd: context.working_dir.clone(),
            context,
            programs,
            functions: BTreeMap::new(),
            name: "sh".to_owned(),
            params: Vec::new(),
            options: Options::default(),
            status: 0,
            substituted: None,
            // Whatever is not the first process comes after some others.
            pid: 6,
            jobs: Jobs::default(),
            traps: Traps::default(),
            locals: Vec::new(),
            loops: 0,
            dialect: Dialect::Posix,
            depth: 0,
            tested: 0,
            pace: Pace::default(),
            prompts: false,
        }
    }

    /// The same for somebody at a terminal, or not.
    pub(crate) fn on_terminal(self, prompts: bool) -> Self {
        Self { prompts, ..self }
    }

    /// The same as a container's first process.
    pub(crate) fn first(mut self) -> Self {
        (self.pid, self.traps.first) = (1, true);
        self
    }

    /// A copy whose changes do not come back.
    pub(crate) fn subshell(&self) -> Self {
        Self {
            context: self.context.clone(),
            programs: self.programs.clone(),
            vars: self.vars.clone(),
            functions: self.functions.clone(),
            name: self.name.clone(),
            params: self.params.clone(),
            cwd: self.cwd.clone(),
            traps: Traps::default(),
            jobs: Jobs::default(),
            locals: Vec::new(),
            ..*self
        }
    }

    /// The environment of commands.
    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        self.vars.exported()
    }

    /// The absolute path that a path means here, without `.` and `..`.
    pub(crate) fn path(&self, path: &str) -> String {
        let whole = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", self.cwd)
        };
        let mut steps: Vec<&str> = Vec::new();
        for step in whole.split('/') {
            match step {
                "" | "." => {}
                ".." => drop(steps.pop()),
                step => steps.push(step),
            }
        }
        format!("/{}", steps.join("/"))
    }

    /// Tells why the script cannot go on.
    pub(super) async fn abort(&mut self, problem: &Problem, streams: &Streams) -> Flow {
        self.complain(streams, &problem.0).await;
        self.status = SYNTAX;
        Err(Jump::Abort)
    }

    /// Writes an error message.
    pub(super) async fn complain(&self, streams: &Streams, message: &str) {
        // There is no one else to tell.
        let _ = streams.stderr.line(format!("{}: {message}", self.name)).await;
    }

    /// Goes a step deeper; whoever calls comes back by [`Self::rise`].
    async fn sink(&mut self, streams: &Streams) -> Flow {
        self.depth += 1;
        if self.depth > DEPTH {
            let problem = Problem(format!("more than {DEPTH} calls within each other"));
            return self.abort(&problem, streams).await;
        }
        Ok(())
    }

    fn rise(&mut self) {
        self.depth -= 1;
    }
}
