//! `export`, `readonly`, `local`, `unset`, `shift`, `cd`

use super::{Done, Own, Undone};
use crate::shell::interp::quoted;
use crate::shell::syntax::is_name;

/// `NAME` or `NAME=VALUE`
fn part(word: &str) -> Result<(&str, Option<&str>), Undone> {
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    if is_name(name) {
        Ok((name, value))
    } else {
        Err(Undone::Told(2, format!("{name}: bad variable name")))
    }
}

/// `export [-p] [NAME[=VALUE]...]`, `readonly` likewise
pub(super) async fn mark(own: Own<'_>) -> Done {
    let exports = own.name == "export";
    if own.args.is_empty() || own.args == ["-p"] {
        if !exports {
            return Err(Undone::Told(2, "a name is needed here".to_owned()));
        }
        for (name, value) in own.shell.env() {
            let line = format!("export {name}='{}'", value.replace('\'', "'\"'\"'"));
            own.streams.stdout.line(line).await.map_err(|error| error.to_string())?;
        }
        return Ok(0);
    }
    for word in own.args {
        if word.starts_with('-') {
            return Err(Undone::Told(2, format!("Illegal option {word}")));
        }
        let (name, value) = part(word)?;
        if let Some(value) = value {
            own.shell.vars.set(name, value)?;
        }
        if exports {
            own.shell.vars.export(name);
        } else {
            own.shell.vars.protect(name);
        }
    }
    Ok(0)
}

/// `local NAME[=VALUE]...`
pub(super) async fn local(own: Own<'_>) -> Done {
    for word in own.args {
        let (name, value) = part(word)?;
        let saved = own.shell.vars.saved(name);
        match own.shell.locals.last_mut() {
            Some(locals) => locals.push((name.to_owned(), saved)),
            None => return Err(Undone::Told(2, "not in a function".to_owned())),
        }
        if let Some(value) = value {
            own.shell.vars.set(name, value)?;
        }
    }
    Ok(0)
}

/// `unset [-v|-f] NAME...`
pub(super) async fn unset(own: Own<'_>) -> Done {
    let mut functions = false;
    for word in own.args {
        match word.as_str() {
            "-f" => functions = true,
            "-v" => functions = false,
            name if functions => drop(own.shell.functions.remove(name)),
            name => own.shell.vars.unset(part(name)?.0)?,
        }
    }
    Ok(0)
}

/// `shift [COUNT]`
pub(super) async fn shift(own: Own<'_>) -> Done {
    let count = match own.args.first() {
        None => 1,
        Some(word) => word.parse().map_err(|_| Undone::Told(2, format!("Illegal number: {word}")))?,
    };
    if count > own.shell.params.len() {
        return Ok(1);
    }
    own.shell.params.drain(..count);
    Ok(0)
}

/// `cd [FOLDER]`, `cd -`
pub(super) async fn cd(own: Own<'_>) -> Done {
    let before = own.shell.cwd.clone();
    let to = match own.args {
        [] => own.shell.vars.get("HOME").unwrap_or("/").to_owned(),
        [back] if back == "-" => own.shell.vars.get("OLDPWD").unwrap_or("/").to_owned(),
        [to] => to.clone(),
        _ => return Err(Undone::Told(2, "too many arguments".to_owned())),
    };
    let path = own.shell.path(&to);
    if !own.shell.context.files.is_folder(&path) {
        return Err(Undone::Told(2, format!("can't cd to {to}: No such file or directory")));
    }
    if own.args == ["-"] {
        own.streams.stdout.line(&path).await.map_err(|error| error.to_string())?;
    }
    own.shell.vars.set("OLDPWD", before)?;
    own.shell.vars.set("PWD", path.clone())?;
    own.shell.cwd = path;
    Ok(0)
}

/// All variables, as `set` without arguments shows them.
pub(super) async fn show(own: Own<'_>) -> Done {
    let lines: Vec<String> = own
        .shell
        .vars
        .all()
        .map(|(name, value)| format!("{name}={}", quoted(value)))
        .collect();
    for line in lines {
        own.streams.stdout.line(line).await.map_err(|error| error.to_string())?;
    }
    Ok(0)
}
