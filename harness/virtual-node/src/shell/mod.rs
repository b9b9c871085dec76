//! The little of a shell that images' commands and `kubectl exec` use.
//!
//! A line may hold words, quotes, variables, pipelines, `;`, `&&`, `||`, and output redirected to files. A command is one of
//! the [tools] or a registered program. Anything else that means something to a shell is refused by its name: a part of a
//! script that is passed over would be worse.

mod console;
mod parse;
mod streams;
pub(crate) mod tools;

use std::io;

use futures::FutureExt;
use futures::future::BoxFuture;

pub(crate) use console::{Console, Stdin};
pub(crate) use parse::parse;
use streams::log_to;
pub(crate) use streams::{Input, Output, Streams, pipe};

use crate::program::{ContainerContext, ExitStatus, Program, Programs};
use parse::{Command, Part, Redirect, When, Word};

/// A shell's exit code for a command that it cannot find.
const NOT_FOUND: i32 = 127;
/// As images with nothing but busybox have it.
const PROMPT: &str = "/ # ";
/// A shell's exit code for a line that it cannot read.
const SYNTAX: i32 = 2;

/// The line that these words give to a shell, if they start one: `sh -c LINE`.
pub(crate) fn line_of<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if !is_shell(words.next()?) {
        return None;
    }
    Some(if words.next() == Some("-c") { words.next() } else { None }.unwrap_or_default())
}

/// Whether a command is a shell.
pub(crate) fn is_shell(name: &str) -> bool {
    matches!(name.rsplit('/').next(), Some("sh" | "bash" | "ash"))
}

/// Whether a command line is a shell that reads what it does from standard input.
pub(crate) fn is_interactive(words: &[String]) -> bool {
    let line = line_of(words.iter().map(String::as_str));
    line.is_some_and(str::is_empty)
}

/// A shell in a container.
pub(crate) struct Shell {
    pub(crate) context: ContainerContext,
    pub(crate) programs: Programs,
    /// How the last command ended.
    status: i32,
    /// Whether that was an `exit`.
    ended: bool,
    /// Whether it tells somebody at a terminal that it waits for a line.
    prompts: bool,
}

impl Shell {
    pub(crate) fn new(context: ContainerContext, programs: Programs) -> Self {
        Self {
            context,
            programs,
            status: 0,
            ended: false,
            prompts: false,
        }
    }

    /// The same for somebody at a terminal, or not.
    pub(crate) fn on_terminal(self, prompts: bool) -> Self {
        Self { prompts, ..self }
    }

    /// Runs a line; the exit code of its last command.
    pub(crate) fn run<'a>(&'a mut self, line: &'a str, streams: &'a mut Streams) -> BoxFuture<'a, i32> {
        self.list(line, streams).boxed()
    }

    async fn list(&mut self, line: &str, streams: &mut Streams) -> i32 {
        let items = match parse(line) {
            Ok(items) => items,
            Err(refused) => {
                let text = format!("sh: {refused}: not supported: a line here has commands, pipes, && || ; and > only");
                let _ = streams.stderr.line(text).await;
                return SYNTAX;
            }
        };
        for item in items {
            let runs = match item.when {
                When::Always => true,
                When::Success => self.status == 0,
                When::Failure => self.status != 0,
            };
            if !runs {
                continue;
            }
            if let Some(code) = self.exit(&item.pipeline) {
                self.ended = true;
                self.status = code;
                break;
            }
            self.status = self.pipeline(&item.pipeline, streams).await;
        }
        self.status
    }

    /// Runs words that need no shell; `None` if they name nothing that runs here.
    pub(crate) async fn command(&self, words: Vec<String>, streams: &mut Streams) -> Option<i32> {
        let name = words.first()?;
        if is_shell(name) {
            let line = words.iter().map(String::as_str);
            let mut shell = Self::new(self.context.clone(), self.programs.clone()).on_terminal(self.prompts);
            return Some(match line_of(line) {
                Some("") | None => shell.interact(streams).await,
                Some(line) => shell.run(line, streams).await,
            });
        }
        if let Some(tool) = tools::find(name) {
            return Some(tool.run(&self.context, &words, streams).await);
        }
        let program = self.programs.for_command(&words)?;
        let (log, written) = log_to(&streams.stdout);
        let context = ContainerContext {
            command: words,
            args: Vec::new(),
            log,
            ..self.context.clone()
        };
        let (status, ()) = futures::join!(program.run(context), written);
        Some(status.code())
    }

    /// Reads lines from standard input and runs them, until its end or `exit`.
    async fn interact(&mut self, streams: &mut Streams) -> i32 {
        loop {
            if self.prompts {
                // Who sees no prompt sees no output, either.
                let _ = streams.stderr.write(PROMPT).await;
            }
            let Some(line) = streams.stdin.line().await else { break };
            let line = String::from_utf8_lossy(&line);
            if !line.trim().is_empty() {
                self.status = self.run(line.trim(), streams).await;
            }
            if self.ended {
                break;
            }
        }
        self.status
    }

    /// The exit code of an `exit [CODE]`.
    fn exit(&self, commands: &[Command]) -> Option<i32> {
        let [command] = commands else { return None };
        let words: Vec<String> = command.words.iter().flat_map(|word| self.expand(word)).collect();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["exit"] => Some(self.status),
            ["exit", code] => Some(code.parse().unwrap_or(SYNTAX)),
            _ => None,
        }
    }

    async fn pipeline(&self, commands: &[Command], streams: &mut Streams) -> i32 {
        let [command] = commands else {
            return self.piped(commands, streams).await;
        };
        self.simple(command, streams).await
    }

    /// Runs commands side by side, each reading what the one before it writes; the last one's exit code.
    async fn piped(&self, commands: &[Command], streams: &mut Streams) -> i32 {
        let mut running = Vec::new();
        let mut stdin = std::mem::replace(&mut streams.stdin, Input::null());
        for (at, command) in commands.iter().enumerate() {
            let (stdout, next) = if at + 1 == commands.len() {
                (streams.stdout.clone(), Input::null())
            } else {
                pipe()
            };
            let mut own = Streams {
                stdin: std::mem::replace(&mut stdin, next),
                stdout,
                stderr: streams.stderr.clone(),
            };
            running.push(async move { self.simple(command, &mut own).await });
        }
        futures::future::join_all(running).await.pop().unwrap_or_default()
    }

    async fn simple(&self, command: &Command, streams: &mut Streams) -> i32 {
        let words: Vec<String> = command.words.iter().flat_map(|word| self.expand(word)).collect();
        let Redirected { stdout, stderr, file } = match self.redirected(command, streams) {
            Ok(redirected) => redirected,
            Err(error) => {
                let _ = streams.stderr.line(format!("sh: {error}")).await;
                return 1;
            }
        };
        let mut own = Streams {
            stdin: std::mem::replace(&mut streams.stdin, Input::null()),
            stdout,
            stderr,
        };
        let name = words.join(" ");
        let written = async {
            match file {
                Some(file) => file.fill(&self.context).await,
                None => Ok(()),
            }
        };
        let run = async move {
            let code = match words.is_empty() {
                true => Some(0),
                false => self.command(words, &mut own).await,
            };
            // All that it wrote to is let go, so that a file is whole.
            (code, own.stdin)
        };
        let ((code, stdin), written) = futures::join!(run, written);
        streams.stdin = stdin;
        let (told, code) = match (code, written) {
            (Some(code), Ok(())) => return code,
            (Some(_), Err(error)) => (error.to_string(), 1),
            (None, _) => (format!("{name}: not found"), NOT_FOUND),
        };
        let _ = streams.stderr.line(format!("sh: {told}")).await;
        code
    }

    /// The streams that a command's redirections lead to.
    fn redirected(&self, command: &Command, streams: &Streams) -> io::Result<Redirected> {
        let (stdout, file) = match &command.stdout {
            None | Some(Redirect::ToStdout) => (streams.stdout.clone(), None),
            Some(Redirect::ToStderr) => (streams.stderr.clone(), None),
            Some(Redirect::File(word) | Redirect::Append(word)) => match self.expand(word).concat() {
                null if null == "/dev/null" => (Output::Null, None),
                path => {
                    let append = matches!(&command.stdout, Some(Redirect::Append(_)));
                    let (output, input) = pipe();
                    (output, Some(Filling { path, append, input }))
                }
            },
        };
        let stderr = match &command.stderr {
            None | Some(Redirect::ToStderr) => streams.stderr.clone(),
            Some(Redirect::ToStdout) => stdout.clone(),
            Some(Redirect::File(word) | Redirect::Append(word)) => match self.expand(word).concat().as_str() {
                "/dev/null" => Output::Null,
                other => {
                    return Err(io::Error::other(format!(
                        "2>{other}: not supported: 2> goes to /dev/null or &1 here"
                    )));
                }
            },
        };
        Ok(Redirected { stdout, stderr, file })
    }

    /// A word's text; unquoted variables split at blanks, and an empty one is no word.
    fn expand(&self, word: &Word) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut open = false;
        for part in &word.0 {
            let (text, splits) = match part {
                Part::Text(text) => (text.clone(), false),
                Part::Variable { name, quoted } => (self.variable(name), !quoted),
            };
            let mut add = |text: &str| match words.last_mut() {
                Some(last) if open => last.push_str(text),
                _ => words.push(text.to_owned()),
            };
            if !splits {
                add(&text);
                open = true;
                continue;
            }
            for (at, piece) in text.split_whitespace().enumerate() {
                if at > 0 || text.starts_with(char::is_whitespace) {
                    open = false;
                }
                match words.last_mut() {
                    Some(last) if open => last.push_str(piece),
                    _ => words.push(piece.to_owned()),
                }
                open = true;
            }
            open &= !text.ends_with(char::is_whitespace);
        }
        words
    }

    fn variable(&self, name: &str) -> String {
        match name {
            "?" => self.status.to_string(),
            name => self.context.env.get(name).cloned().unwrap_or_default(),
        }
    }
}

/// A command's output, and the file that takes it.
struct Redirected {
    stdout: Output,
    stderr: Output,
    file: Option<Filling>,
}

/// A file that takes a command's output.
struct Filling {
    path: String,
    append: bool,
    input: Input,
}

impl Filling {
    async fn fill(mut self, context: &ContainerContext) -> io::Result<()> {
        let mut content = match self.append {
            true => context.files.read(&self.path).map(Vec::from).unwrap_or_default(),
            false => Vec::new(),
        };
        content.extend_from_slice(&self.input.all().await);
        context.files.write(&self.path, content)
    }
}

/// `sh -c LINE` as a container's command: what it writes is the container's log.
pub(crate) struct ShellProgram {
    programs: Programs,
    line: String,
}

impl ShellProgram {
    /// The shell that these words start, if they do.
    pub(crate) fn from_words(programs: &Programs, command: &[String], args: &[String]) -> Option<Self> {
        let line = line_of(command.iter().chain(args).map(String::as_str))?;
        Some(Self {
            programs: programs.clone(),
            line: line.to_owned(),
        })
    }
}

impl Program for ShellProgram {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let line = self.line.clone();
        let output = Output::log(context.log.clone());
        let mut streams = Streams {
            stdin: Input::null(),
            stdout: output.clone(),
            stderr: output.clone(),
        };
        let mut shell = Shell::new(context, self.programs.clone());
        async move {
            let code = shell.run(&line, &mut streams).await;
            output.finish();
            ExitStatus::Exited(code)
        }
        .boxed()
    }
}
