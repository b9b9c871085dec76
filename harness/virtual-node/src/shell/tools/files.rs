//! `cat`, `ls`, `rm`, `tee`, `chmod`

use std::io::ErrorKind;

use super::{Call, Ended, Failure};
use crate::program::Entry;

/// `cat [-u] [FILE...]`
pub(super) async fn cat(call: Call<'_>) -> Ended {
    let given = call.flags("u")?;
    let operands = if given.operands.is_empty() {
        vec!["-".to_owned()]
    } else {
        given.operands
    };
    let mut code = 0;
    for operand in &operands {
        if operand == "-" {
            while let Some(chunk) = call.streams.stdin.chunk().await {
                call.print(chunk).await?;
            }
            continue;
        }
        match call.read(operand).await {
            Ok(content) => call.print(content).await?,
            Err(_) => {
                call.complain(&format!("can't open '{operand}': {}", call.missing(operand))).await;
                code = 1;
            }
        }
    }
    Ok(code)
}

/// `ls [-1alhAd] [PATH...]`
pub(super) async fn ls(call: Call<'_>) -> Ended {
    let given = call.flags("1alhAd")?;
    let operands = if given.operands.is_empty() {
        vec![".".to_owned()]
    } else {
        given.operands.clone()
    };
    let many = operands.len() > 1;
    let mut code = 0;
    let files = &call.context.files;
    for (at, operand) in operands.iter().enumerate() {
        let path = call.path(operand);
        let listed: Vec<(String, Entry)> = if let Ok(content) = files.read(&path) {
            vec![(operand.clone(), Entry::File(content.len()))]
        } else if given.has('d') && files.is_folder(&path) {
            vec![(operand.clone(), Entry::Folder)]
        } else if let Some(found) = files.entries(&path) {
            if many {
                let gap = if at > 0 { "\n" } else { "" };
                call.line(format!("{gap}{operand}:")).await?;
            }
            let hidden = given.has('a') || given.has('A');
            found.into_iter().filter(|(name, _)| hidden || !name.starts_with('.')).collect()
        } else {
            call.complain(&format!("{operand}: No such file or directory")).await;
            code = 1;
            continue;
        };
        for (name, entry) in listed {
            let line = match entry {
                _ if !given.has('l') => name,
                Entry::File(size) => format!("-rw-r--r--    1 root     root     {size:>9} {name}"),
                Entry::Folder => format!("drwxr-xr-x    2 root     root     {:>9} {name}", 4096),
            };
            call.line(line).await?;
        }
    }
    Ok(code)
}

/// `rm [-rf] PATH...`
pub(super) async fn rm(call: Call<'_>) -> Ended {
    let given = call.flags("rRf")?;
    let mut code = 0;
    for operand in &given.operands {
        let path = call.path(operand);
        if call.context.files.read(&path).is_err() && !call.context.files.is_folder(&path) {
            if !given.has('f') {
                call.complain(&format!("can't remove '{operand}': No such file or directory")).await;
                code = 1;
            }
            continue;
        }
        remove(&call, operand, given.has('r') || given.has('R'))?;
    }
    Ok(code)
}

/// Removes a file, or a folder with all that is in it.
pub(super) fn remove(call: &Call<'_>, operand: &str, deep: bool) -> Result<(), Failure> {
    let files = &call.context.files;
    let path = call.path(operand);
    let failed = |why: &str| Failure::Told(format!("can't remove '{operand}': {why}"));
    let Some(entries) = files.entries(&path) else {
        return files.remove(&path).map_err(|_| failed("Read-only file system"));
    };
    if !deep {
        return Err(failed("Is a directory"));
    }
    for (name, _) in entries {
        remove(call, &format!("{}/{name}", path.trim_end_matches('/')), true)?;
    }
    match files.remove_folder(&path) {
        Ok(()) => Ok(()),
        // It was there only by what was in it.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::ResourceBusy => Err(failed("Resource busy")),
        Err(_) => Err(failed("Read-only file system")),
    }
}

/// `tee [-a] FILE...`
pub(super) async fn tee(call: Call<'_>) -> Ended {
    let given = call.flags("a")?;
    for operand in &given.operands {
        let before = match given.has('a') {
            true => call.context.files.read(&call.path(operand)).unwrap_or_default(),
            false => bytes::Bytes::new(),
        };
        call.write(operand, before)?;
    }
    while let Some(chunk) = call.streams.stdin.chunk().await {
        for operand in given.operands.iter().filter(|operand| *operand != "/dev/null") {
            call.context.files.append(&call.path(operand), &chunk)?;
        }
        call.print(chunk).await?;
    }
    Ok(0)
}

/// `chmod [-R] MODE FILE...`: files have no modes here, and whatever is there may be read, written and run. It only says what is not there.
pub(super) async fn chmod(call: Call<'_>) -> Ended {
    let operands: Vec<&String> = call.args.iter().filter(|arg| *arg != "-R").collect();
    let [_, paths @ ..] = operands.as_slice() else {
        return Err(Failure::Told("a mode is needed".to_owned()));
    };
    for operand in paths {
        let path = call.path(operand);
        if call.context.files.read(&path).is_err() && !call.context.files.is_folder(&path) {
            return Err(Failure::Told(format!("{operand}: No such file or directory")));
        }
    }
    Ok(0)
}
