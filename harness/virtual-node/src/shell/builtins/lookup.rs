//! `command`, `type`: what a name stands for.

use super::{Done, Own, Undone, find};
use crate::shell::interp::{Invocation, Shell};
use crate::shell::tools;

/// What a name stands for; `None` if for nothing.
fn found(shell: &Shell, name: &str) -> Option<(&'static str, String)> {
    let path = || {
        if name.contains('/') {
            name.to_owned()
        } else {
            format!("/bin/{name}")
        }
    };
    let program = || shell.programs.for_executable(std::slice::from_ref(&name.to_owned())).is_some();
    if shell.functions.contains_key(name) {
        Some(("function", name.to_owned()))
    } else if find(name).is_some() || name == "exec" {
        Some(("builtin", name.to_owned()))
    } else if tools::find(name).is_some() || Invocation::is_shell(name) || program() {
        Some(("file", path()))
    } else {
        None
    }
}

/// `command -v NAME`, `command NAME [ARGUMENT...]`
pub(super) async fn command(own: Own<'_>) -> Done {
    match own.args {
        [] => Ok(0),
        [option, names @ ..] if option == "-v" || option == "-V" => {
            let mut code = 0;
            for name in names {
                match found(own.shell, name) {
                    Some((_, shown)) => own.streams.stdout.line(shown).await.map_err(|error| error.to_string())?,
                    None => code = 127,
                }
            }
            Ok(code)
        }
        [option, ..] if option.starts_with('-') => Err(Undone::Told(2, format!("Illegal option {option}"))),
        words => {
            if let Some(builtin) = find(&words[0]) {
                Box::pin(builtin.run(own.shell, words, own.streams)).await.map_err(Undone::Jump)?;
                return Ok(own.shell.status);
            }
            match own.shell.execute(words, own.streams).await {
                Some(code) => Ok(code),
                None => Err(Undone::Told(127, format!("{}: not found", words[0]))),
            }
        }
    }
}

/// `type NAME...`
pub(super) async fn kind(own: Own<'_>) -> Done {
    let mut code = 0;
    for name in own.args {
        let line = match found(own.shell, name) {
            Some(("function", _)) => format!("{name} is a function"),
            Some(("builtin", _)) => format!("{name} is a shell builtin"),
            Some((_, path)) => format!("{name} is {path}"),
            None => {
                code = 127;
                format!("{name}: not found")
            }
        };
        own.streams.stdout.line(line).await.map_err(|error| error.to_string())?;
    }
    Ok(code)
}
