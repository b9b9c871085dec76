//! `basename`, `dirname`, `mkdir`, `rmdir`, `touch`, `cp`, `mv`, `mktemp`

use std::io::ErrorKind;

use super::options::Known;
use super::{Call, Ended, Failure};
use crate::shell::interp::parent;

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        "/"
    } else {
        path.rsplit('/').next().unwrap_or(path)
    }
}

/// `basename PATH [SUFFIX]`
pub(super) async fn basename(call: Call<'_>) -> Ended {
    let (path, suffix) = match call.args {
        [path] => (path, ""),
        [path, suffix] => (path, suffix.as_str()),
        _ => return Err(Failure::Told("a path is needed".to_owned())),
    };
    let name = base(path);
    call.line(name.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(name))
        .await?;
    Ok(0)
}

/// `dirname PATH`
pub(super) async fn dirname(call: Call<'_>) -> Ended {
    let [path] = call.args else {
        return Err(Failure::Told("a path is needed".to_owned()));
    };
    let folder = match path.trim_end_matches('/').rsplit_once('/') {
        None if path.starts_with('/') => "/",
        None => ".",
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
    };
    call.line(folder).await?;
    Ok(0)
}

/// `mkdir [-p] FOLDER...`
pub(super) async fn mkdir(call: Call<'_>) -> Ended {
    let given = call.flags("p")?;
    let mut code = 0;
    for operand in &given.operands {
        let path = call.path(operand);
        let made = if given.has('p') {
            make_all(&call, &path)
        } else {
            make(&call, &path)
        };
        if let Err(why) = made {
            call.complain(&format!("can't create directory '{operand}': {why}")).await;
            code = 1;
        }
    }
    Ok(code)
}

fn make(call: &Call<'_>, path: &str) -> Result<(), &'static str> {
    if !call.context.files.is_folder(parent(path)) {
        return Err("No such file or directory");
    }
    call.context.files.make_folder(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => "File exists",
        _ => "Read-only file system",
    })
}

fn make_all(call: &Call<'_>, path: &str) -> Result<(), &'static str> {
    if call.context.files.is_folder(path) {
        return Ok(());
    }
    for (at, _) in path.match_indices('/').skip(1) {
        if !call.context.files.is_folder(&path[..at]) {
            make(call, &path[..at])?;
        }
    }
    make(call, path)
}

/// `rmdir FOLDER...`
pub(super) async fn rmdir(call: Call<'_>) -> Ended {
    let given = call.flags("")?;
    let mut code = 0;
    for operand in &given.operands {
        let why = match call.context.files.remove_folder(&call.path(operand)) {
            Ok(()) => continue,
            Err(error) => match error.kind() {
                ErrorKind::NotFound => "No such file or directory",
                ErrorKind::DirectoryNotEmpty => "Directory not empty",
                ErrorKind::ResourceBusy => "Resource busy",
                _ => "Read-only file system",
            },
        };
        call.complain(&format!("'{operand}': {why}")).await;
        code = 1;
    }
    Ok(code)
}

/// `touch [-c] FILE...`: files have no times here.
pub(super) async fn touch(call: Call<'_>) -> Ended {
    let given = call.flags("c")?;
    for operand in &given.operands {
        let path = call.path(operand);
        let is_there = call.context.files.read(&path).is_ok() || call.context.files.is_folder(&path);
        if !is_there && !given.has('c') {
            call.write(operand, "")?;
        }
    }
    Ok(0)
}

/// `cp [-rRapf] FROM... TO`
pub(super) async fn cp(call: Call<'_>) -> Ended {
    let given = call.flags("rRapf")?;
    let deep = ['r', 'R', 'a'].into_iter().any(|letter| given.has(letter));
    for (from, to) in pairs(&call, &given.operands)? {
        copy(&call, &from, &to, deep).await?;
    }
    Ok(0)
}

/// `mv [-f] FROM... TO`
pub(super) async fn mv(call: Call<'_>) -> Ended {
    let given = call.flags("f")?;
    for (from, to) in pairs(&call, &given.operands)? {
        copy(&call, &from, &to, true).await?;
        super::files::remove(&call, &from, true)?;
    }
    Ok(0)
}

/// What goes where: into a folder under its own name.
fn pairs(call: &Call<'_>, operands: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let Some((to, from)) = operands.split_last().filter(|(_, from)| !from.is_empty()) else {
        return Err(Failure::Told("two paths are needed".to_owned()));
    };
    let into = call.context.files.is_folder(&call.path(to));
    if !into && from.len() > 1 {
        return Err(Failure::Told(format!("'{to}' is not a directory")));
    }
    let pair = |from: &String| {
        let to = if into {
            format!("{}/{}", to.trim_end_matches('/'), base(from))
        } else {
            to.clone()
        };
        (from.clone(), to)
    };
    Ok(from.iter().map(pair).collect())
}

async fn copy(call: &Call<'_>, from: &str, to: &str, deep: bool) -> Result<(), Failure> {
    let files = &call.context.files;
    let (source, target) = (call.path(from), call.path(to));
    if !files.is_folder(&source) {
        let content = call
            .read(from)
            .await
            .map_err(|_| format!("can't stat '{from}': No such file or directory"))?;
        return call.write(to, content);
    }
    if !deep {
        return Err(Failure::Told(format!("omitting directory '{from}'")));
    }
    if target == source || target.starts_with(&format!("{source}/")) {
        return Err(Failure::Told(format!("'{to}' is within '{from}'")));
    }
    make_all(call, &target).map_err(|why| format!("can't create directory '{to}': {why}"))?;
    for (name, _) in files.entries(&source).unwrap_or_default() {
        Box::pin(copy(call, &format!("{source}/{name}"), &format!("{target}/{name}"), true)).await?;
    }
    Ok(())
}

/// `mktemp [-d] [-p FOLDER] [TEMPLATE]`
pub(super) async fn mktemp(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "dt",
        valued: "p",
        ..Known::default()
    })?;
    let template = given.operands.first().map_or("tmp.XXXXXX", String::as_str);
    let Some(stem) = template.strip_suffix("XXXXXX") else {
        return Err(Failure::Told(format!("{template}: Invalid argument")));
    };
    let anywhere = given.operands.is_empty() || given.has('t') || given.has('p');
    let folder = if anywhere {
        format!("{}/", given.value('p').unwrap_or("/tmp"))
    } else {
        String::new()
    };
    // By what is there, and not by chance, so that a run repeats.
    let mut number: u32 = 0;
    let name = loop {
        let name = format!("{folder}{stem}{number:06}");
        let path = call.path(&name);
        if call.context.files.read(&path).is_err() && !call.context.files.is_folder(&path) {
            break name;
        }
        number += 1;
    };
    match given.has('d') {
        true => make(&call, &call.path(&name)).map_err(|why| format!("{name}: {why}"))?,
        false => call.write(&name, "")?,
    }
    call.line(name).await?;
    Ok(0)
}
