//! The shell's own commands.

mod flow;
mod jobs;
mod lookup;
mod options;
mod read;
mod trap;
mod variables;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::interp::{Flow, Shell};
use super::streams::Streams;

/// What one of the shell's own commands gets.
pub(super) struct Own<'a> {
    shell: &'a mut Shell,
    /// The command's name.
    name: &'a str,
    args: &'a [String],
    streams: &'a mut Streams,
}

/// An exit code, a jump, or the message of a failure.
type Done = Result<i32, Undone>;

pub(super) enum Undone {
    Jump(super::interp::Jump),
    /// With this exit code.
    Told(i32, String),
}

impl From<String> for Undone {
    fn from(message: String) -> Self {
        Self::Told(1, message)
    }
}

/// One of the shell's own commands.
#[derive(Clone, Copy)]
pub(super) struct Builtin(fn(Own<'_>) -> BoxFuture<'_, Done>);

/// The command of this name.
pub(super) fn find(name: &str) -> Option<Builtin> {
    Some(Builtin(match name {
        ":" => |_| async { Ok(0) }.boxed(),
        "." | "source" => |own| flow::source(own).boxed(),
        "break" | "continue" => |own| flow::leave_loop(own).boxed(),
        "cd" => |own| variables::cd(own).boxed(),
        "command" => |own| lookup::command(own).boxed(),
        "eval" => |own| flow::eval(own).boxed(),
        "exit" | "return" => |own| flow::end(own).boxed(),
        "export" | "readonly" => |own| variables::mark(own).boxed(),
        "kill" => |own| jobs::kill(own).boxed(),
        "local" => |own| variables::local(own).boxed(),
        "read" => |own| read::read(own).boxed(),
        "set" => |own| options::set(own).boxed(),
        "shift" => |own| variables::shift(own).boxed(),
        "trap" => |own| trap::trap(own).boxed(),
        "type" => |own| lookup::kind(own).boxed(),
        "unset" => |own| variables::unset(own).boxed(),
        "wait" => |own| jobs::wait(own).boxed(),
        _ => return None,
    }))
}

impl Builtin {
    /// Runs the command; `words` begin with its name.
    pub(super) async fn run(self, shell: &mut Shell, words: &[String], streams: &mut Streams) -> Flow {
        let Some((name, args)) = words.split_first() else { return Ok(()) };
        let stderr = streams.clone();
        let own = Own {
            shell,
            name,
            args,
            streams,
        };
        match (self.0)(own).await {
            Ok(code) => shell.status = code,
            Err(Undone::Jump(jump)) => return Err(jump),
            Err(Undone::Told(code, message)) => {
                shell.complain(&stderr, &format!("{name}: {message}")).await;
                shell.status = code;
            }
        }
        Ok(())
    }
}
