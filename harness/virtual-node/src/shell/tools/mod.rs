//! Commands that run in every container, as in an image with a small userland.

mod archive;
mod files;
mod process;
mod test;
mod text;

use std::io;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Shell, Streams};
use crate::program::ContainerContext;

/// What a tool gets.
pub(super) struct Call<'a> {
    /// Whose environment and folder it has.
    pub(super) shell: &'a Shell,
    pub(super) context: &'a ContainerContext,
    /// The tool's name as it was called.
    pub(super) name: &'a str,
    pub(super) args: &'a [String],
    pub(super) streams: &'a mut Streams,
}

/// An exit code, or the message of a failure with code 1.
type Ended = Result<i32, Failure>;

/// Why a tool failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody reads the output any more: not worth a word.
    BrokenPipe,
    Told(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Told(error.to_string()),
        }
    }
}

impl From<String> for Failure {
    fn from(told: String) -> Self {
        Self::Told(told)
    }
}

/// One of the commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool(fn(Call<'_>) -> BoxFuture<'_, Ended>);

/// The tool of this name, which may be a path in a `bin` folder.
pub(crate) fn find(name: &str) -> Option<Tool> {
    let plain = match name.rsplit_once('/') {
        None => name,
        Some(("/bin" | "/usr/bin" | "/sbin" | "/usr/sbin" | "/usr/local/bin", plain)) => plain,
        Some(_) => return None,
    };
    Some(Tool(match plain {
        "cat" => |call| files::cat(call).boxed(),
        "date" => |call| process::date(call).boxed(),
        "echo" => |call| text::echo(call).boxed(),
        "env" | "printenv" => |call| process::env(call).boxed(),
        "false" => |_| async { Ok(1) }.boxed(),
        "grep" => |call| text::grep(call).boxed(),
        "head" | "tail" => |call| text::ends(call).boxed(),
        "hostname" => |call| process::hostname(call).boxed(),
        "ls" => |call| files::ls(call).boxed(),
        "pwd" => |call| process::pwd(call).boxed(),
        "rm" => |call| files::rm(call).boxed(),
        "seq" => |call| text::seq(call).boxed(),
        "sleep" => |call| process::sleep(call).boxed(),
        "tar" => |call| archive::tar(call).boxed(),
        "tee" => |call| files::tee(call).boxed(),
        "test" | "[" => |call| test::test(call).boxed(),
        "true" => |_| async { Ok(0) }.boxed(),
        "wc" => |call| text::wc(call).boxed(),
        _ => return None,
    }))
}

impl Tool {
    /// Runs the tool to its end; `words` begin with its name.
    pub(crate) async fn run(self, shell: &Shell, words: &[String], streams: &mut Streams) -> i32 {
        let (name, args) = match words.split_first() {
            Some((name, args)) => (name.rsplit('/').next().unwrap_or(name), args),
            None => return 0,
        };
        let stderr = streams.stderr.clone();
        let call = Call {
            shell,
            context: &shell.context,
            name,
            args,
            streams,
        };
        match (self.0)(call).await {
            Ok(code) => code,
            // As a process that the signal for it ends.
            Err(Failure::BrokenPipe) => 141,
            Err(Failure::Told(message)) => {
                let _ = stderr.line(format!("{name}: {message}")).await;
                1
            }
        }
    }
}

impl<'a> Call<'a> {
    /// The absolute path that an operand means.
    fn path(&self, operand: &str) -> String {
        self.shell.path(operand)
    }

    /// Options by their letters and what is left; an option that is not in `known` is an error.
    fn options(&self, known: &str) -> Result<(String, Vec<&'a str>), Failure> {
        let (mut letters, mut operands) = (String::new(), Vec::new());
        let mut args = self.args.iter().map(String::as_str);
        for arg in args.by_ref() {
            match arg.strip_prefix('-') {
                Some("-") => break,
                Some(given) if !given.is_empty() => match given.chars().find(|letter| !known.contains(*letter)) {
                    Some(letter) => return Err(Failure::Told(format!("unrecognized option: {letter}"))),
                    None => letters.push_str(given),
                },
                _ => operands.push(arg),
            }
        }
        operands.extend(args);
        Ok((letters, operands))
    }
}
