//! Commands by their name: functions, the shell's own, tools, programs, scripts.

use std::sync::Arc;

use super::redirect::Failed;
use super::{Flow, Jump, Shell, Var};
use crate::shell::builtins;
use crate::shell::expand::Problem;
use crate::shell::streams::{Streams, log_to};
use crate::shell::syntax::{Command, Simple};
use crate::shell::tools;

use crate::program::ContainerContext;

/// A shell's exit code for a command that it cannot find.
const NOT_FOUND: i32 = 127;

/// POSIX' special commands: what is assigned before them stays.
const SPECIAL: [&str; 13] = [
    ":", ".", "break", "continue", "eval", "exit", "export", "readonly", "return", "set", "shift", "trap", "unset",
];

impl Shell {
    pub(super) async fn simple(&mut self, simple: &Simple, streams: &mut Streams) -> Flow {
        self.substituted = None;
        let words = match self.fields(&simple.words, streams).await {
            Ok(words) => words,
            Err(problem) => return self.abort(&problem, streams).await,
        };
        let mut own = match self.redirected(&simple.redirects, streams).await {
            Ok(own) => own,
            Err(Failed::File(message)) => return self.not_redirected(Failed::File(message), streams).await,
            Err(failed) => return self.not_redirected(failed, streams).await,
        };
        let assigned = match self.assigned(simple, streams).await {
            Ok(assigned) => assigned,
            Err(problem) => return self.abort(&problem, streams).await,
        };
        self.trace(&assigned, &words, &own).await;
        let Some(name) = words.first().cloned() else {
            for (name, value) in assigned {
                if let Err(message) = self.vars.set(&name, value) {
                    return self.abort(&Problem(message), streams).await;
                }
            }
            self.status = self.substituted.unwrap_or_default();
            return self.check();
        };
        if name == "exec" {
            return self.exec(words, own, streams).await;
        }
        let stays = SPECIAL.contains(&name.as_str());
        let saved = match self.lend(assigned, !stays) {
            Ok(saved) => saved,
            Err(message) => return self.abort(&Problem(message), streams).await,
        };
        let flow = self.dispatch(words, &mut own).await;
        if !stays {
            for (name, var) in saved {
                self.vars.restore(name, var);
            }
        }
        flow?;
        self.check()
    }

    async fn dispatch(&mut self, words: Vec<String>, own: &mut Streams) -> Flow {
        if let Some(body) = self.functions.get(&words[0]).cloned() {
            return self.call(body, words, own).await;
        }
        if let Some(builtin) = builtins::find(&words[0]) {
            return builtin.run(self, &words, own).await;
        }
        self.status = match self.execute(&words, own).await {
            Some(code) => code,
            None => {
                self.complain(own, &format!("{}: not found", words[0])).await;
                NOT_FOUND
            }
        };
        Ok(())
    }

    async fn assigned(&mut self, simple: &Simple, streams: &Streams) -> Result<Vec<(String, String)>, Problem> {
        let mut assigned = Vec::new();
        for (name, word) in &simple.assignments {
            let value = self.text(word, streams).await?;
            if simple.words.is_empty() && simple.assignments.len() > 1 {
                // The next one may use it.
                self.vars.set(name, value.clone()).map_err(Problem)?;
            }
            assigned.push((name.clone(), value));
        }
        Ok(assigned)
    }

    /// Sets variables for one command; what they were before. `exports`: they are part of its environment.
    fn lend(&mut self, assigned: Vec<(String, String)>, exports: bool) -> Result<Vec<(String, Option<Var>)>, String> {
        let mut saved = Vec::new();
        for (name, value) in assigned {
            saved.push((name.clone(), self.vars.saved(&name)));
            self.vars.set(&name, value)?;
            if exports {
                self.vars.export(&name);
            }
        }
        saved.reverse();
        Ok(saved)
    }

    /// Calls a function.
    async fn call(&mut self, body: Arc<Command>, mut words: Vec<String>, own: &mut Streams) -> Flow {
        self.sink(own).await?;
        words.remove(0);
        let params = std::mem::replace(&mut self.params, words);
        let loops = std::mem::take(&mut self.loops);
        self.locals.push(Vec::new());
        let flow = self.command(&body, own).await;
        for (name, var) in self.locals.pop().into_iter().flatten().rev() {
            self.vars.restore(name, var);
        }
        (self.params, self.loops) = (params, loops);
        self.rise();
        match flow {
            Err(Jump::Return) => Ok(()),
            flow => flow,
        }
    }

    /// `exec`: a command in the shell's place, or redirections that stay.
    async fn exec(&mut self, words: Vec<String>, mut own: Streams, streams: &mut Streams) -> Flow {
        if words.len() == 1 {
            *streams = own;
            self.status = 0;
            return Ok(());
        }
        self.traps.actions.clear();
        let words = &words[1..];
        self.status = match self.execute(words, &mut own).await {
            Some(code) => code,
            None => {
                self.complain(&own, &format!("exec: {}: not found", words[0])).await;
                NOT_FOUND
            }
        };
        Err(Jump::Exit)
    }

    /// Runs a command that is no part of the shell; `None` if there is none of this name.
    pub(crate) async fn execute(&self, words: &[String], streams: &mut Streams) -> Option<i32> {
        if let Some(tool) = tools::find(words.first()?) {
            return Some(tool.run(self, words, streams).await);
        }
        let context = ContainerContext {
            env: Arc::new(self.env()),
            working_dir: self.cwd.clone(),
            ..self.context.clone()
        };
        let child = Self::new(context, self.programs.clone()).on_terminal(self.prompts);
        Box::pin(child.run_as(words, streams)).await
    }

    /// Runs words as a process: a shell, a tool, a program or a script; `None` if they name nothing of the kind.
    pub(crate) async fn run_as(mut self, words: &[String], streams: &mut Streams) -> Option<i32> {
        let name = words.first()?;
        if super::Invocation::is_shell(name) {
            return Some(self.invoked(words, streams).await);
        }
        if let Some(tool) = tools::find(name) {
            return Some(tool.run(&self, words, streams).await);
        }
        if let Some(program) = self.programs.for_executable(words) {
            let (log, written) = log_to(&streams.stdout);
            let context = ContainerContext {
                command: words.to_vec(),
                args: Vec::new(),
                log,
                ..self.context.clone()
            };
            let (status, ()) = futures::join!(program.run(context), written);
            return Some(status.code());
        }
        let invoked = self.shebang(words)?;
        Some(self.invoked(&invoked, streams).await)
    }

    /// The shell that a script names in its first line, with the script.
    fn shebang(&self, words: &[String]) -> Option<Vec<String>> {
        let (name, args) = words.split_first()?;
        if !name.contains('/') {
            return None;
        }
        let script = self.context.files.read_to_string(&self.path(name)).ok()?;
        let mut invoked = super::invocation::shebang(&script)?;
        invoked.push(name.clone());
        invoked.extend_from_slice(args);
        Some(invoked)
    }

    /// `set -x`
    async fn trace(&self, assigned: &[(String, String)], words: &[String], streams: &Streams) {
        if !self.options.xtrace || (assigned.is_empty() && words.is_empty()) {
            return;
        }
        let assigned = assigned.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        let shown: Vec<String> = assigned.chain(words.iter().map(|word| quoted(word))).collect();
        let _ = streams.stderr.line(format!("+ {}", shown.join(" "))).await;
    }
}

/// A word as a shell would read it again.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |next: char| next.is_alphanumeric() || "_-./:=,+@%^".contains(next);
    if word.chars().all(plain) && !word.is_empty() {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}
