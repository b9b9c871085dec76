//! Commands that run in every container, as in an image with a small userland (busybox').

mod archive;
mod columns;
mod expr;
mod files;
mod find;
mod grep;
mod lines;
mod net;
mod options;
mod paths;
mod pattern;
mod print;
mod process;
mod run;
mod sed;
mod test;
mod time;

use std::io;

use bytes::Bytes;
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

/// An exit code, or a failure.
type Ended = Result<i32, Failure>;

/// Why a tool failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody reads the output any more: not worth a word.
    BrokenPipe,
    /// With exit code 1.
    Told(String),
    /// With an exit code of the tool's own.
    Code(i32, String),
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
        "base64" => |call| columns::base64(call).boxed(),
        "basename" => |call| paths::basename(call).boxed(),
        "cat" => |call| files::cat(call).boxed(),
        "chmod" => |call| files::chmod(call).boxed(),
        "cp" => |call| paths::cp(call).boxed(),
        "curl" => |call| net::curl(call).boxed(),
        "cut" => |call| columns::cut(call).boxed(),
        "date" => |call| time::date(call).boxed(),
        "dirname" => |call| paths::dirname(call).boxed(),
        "echo" => |call| print::echo(call).boxed(),
        "env" => |call| run::env(call).boxed(),
        "expr" => |call| expr::expr(call).boxed(),
        "false" => |_| async { Ok(1) }.boxed(),
        "find" => |call| find::find(call).boxed(),
        "getent" => |call| net::getent(call).boxed(),
        "grep" | "egrep" | "fgrep" => |call| grep::grep(call).boxed(),
        "head" => |call| lines::head(call).boxed(),
        "hostname" => |call| process::hostname(call).boxed(),
        "id" | "whoami" => |call| process::id(call).boxed(),
        "ls" => |call| files::ls(call).boxed(),
        "mkdir" => |call| paths::mkdir(call).boxed(),
        "mktemp" => |call| paths::mktemp(call).boxed(),
        "mv" => |call| paths::mv(call).boxed(),
        "nc" => |call| net::nc(call).boxed(),
        "nslookup" => |call| net::nslookup(call).boxed(),
        "printenv" => |call| process::printenv(call).boxed(),
        "printf" => |call| print::printf(call).boxed(),
        "pwd" => |call| process::pwd(call).boxed(),
        "rm" => |call| files::rm(call).boxed(),
        "rmdir" => |call| paths::rmdir(call).boxed(),
        "sed" => |call| sed::sed(call).boxed(),
        "seq" => |call| print::seq(call).boxed(),
        "sleep" => |call| time::sleep(call).boxed(),
        "sort" => |call| columns::sort(call).boxed(),
        "tail" => |call| lines::tail(call).boxed(),
        "tar" => |call| archive::tar(call).boxed(),
        "tee" => |call| files::tee(call).boxed(),
        "test" | "[" => |call| test::test(call).boxed(),
        "timeout" => |call| run::timeout(call).boxed(),
        "touch" => |call| paths::touch(call).boxed(),
        "tr" => |call| columns::tr(call).boxed(),
        "true" => |_| async { Ok(0) }.boxed(),
        "uname" => |call| process::uname(call).boxed(),
        "uniq" => |call| lines::uniq(call).boxed(),
        "wc" => |call| lines::wc(call).boxed(),
        "wget" => |call| net::wget(call).boxed(),
        "which" => |call| process::which(call).boxed(),
        "xargs" => |call| run::xargs(call).boxed(),
        "yes" => |call| print::yes(call).boxed(),
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
        let (code, message) = match (self.0)(call).await {
            Ok(code) => return code,
            // As a process that the signal for it ends.
            Err(Failure::BrokenPipe) => return 141,
            Err(Failure::Told(message)) => (1, message),
            Err(Failure::Code(code, message)) => (code, message),
        };
        // There is no one else to tell.
        let _ = stderr.line(format!("{name}: {message}")).await;
        code
    }
}

impl Call<'_> {
    /// The absolute path that an operand means.
    fn path(&self, operand: &str) -> String {
        self.shell.path(operand)
    }

    /// All that a file, or with `-` standard input, holds.
    async fn read(&self, operand: &str) -> Result<Bytes, Failure> {
        match operand {
            "-" | "/dev/stdin" => Ok(self.streams.stdin.all().await),
            "/dev/null" => Ok(Bytes::new()),
            operand => match self.context.files.read(&self.path(operand)) {
                Ok(content) => Ok(content),
                Err(_) => Err(Failure::Told(format!("{operand}: {}", self.missing(operand)))),
            },
        }
    }

    /// All that the files named, or standard input, hold.
    async fn read_all(&self, operands: &[String]) -> Result<Bytes, Failure> {
        match operands {
            [] => self.read("-").await,
            [one] => self.read(one).await,
            many => {
                let mut all = Vec::new();
                for operand in many {
                    all.extend_from_slice(&self.read(operand).await?);
                }
                Ok(all.into())
            }
        }
    }

    /// Why there is no file of this name.
    fn missing(&self, operand: &str) -> &'static str {
        if self.context.files.is_folder(&self.path(operand)) {
            "Is a directory"
        } else {
            "No such file or directory"
        }
    }

    /// Writes a file, whose folder must be there.
    fn write(&self, operand: &str, content: impl Into<Bytes>) -> Result<(), Failure> {
        let path = self.path(operand);
        if path == "/dev/null" {
            return Ok(());
        }
        let why = match () {
            () if self.context.files.is_folder(&path) => "Is a directory",
            () if !self.context.files.is_folder(super::interp::parent(&path)) => "No such file or directory",
            () => match self.context.files.write(&path, content) {
                Ok(()) => return Ok(()),
                Err(_) => "Read-only file system",
            },
        };
        Err(Failure::Told(format!("can't create '{operand}': {why}")))
    }

    /// Writes a line to standard output.
    async fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        Ok(self.streams.stdout.line(text).await?)
    }

    /// Writes to standard output.
    async fn print(&self, text: impl Into<Bytes>) -> Result<(), Failure> {
        Ok(self.streams.stdout.write(text).await?)
    }

    /// Writes a message to standard error, and goes on.
    async fn complain(&self, message: &str) {
        // There is no one else to tell.
        let _ = self.streams.stderr.line(format!("{}: {message}", self.name)).await;
    }
}

/// Lines of a text, without their line breaks.
fn lines_of(text: &[u8]) -> impl Iterator<Item = String> + '_ {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        String::from_utf8_lossy(line).into_owned()
    })
}
