//! `cat`, `ls`, `rm`, `tee`.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Call, Ended, Failure};

/// `cat [-u] [FILE...]`
pub(super) async fn cat(call: Call<'_>) -> Ended {
    let (_, operands) = call.options("u")?;
    let operands = if operands.is_empty() { vec!["-"] } else { operands };
    let mut code = 0;
    for operand in operands {
        if operand == "-" {
            while let Some(chunk) = call.streams.stdin.chunk().await {
                call.streams.stdout.write(chunk).await?;
            }
            continue;
        }
        match call.context.files.read(operand) {
            Ok(content) => call.streams.stdout.write(content).await?,
            Err(_) => {
                call.streams
                    .stderr
                    .line(format!("cat: can't open '{operand}': {}", missing(&call, operand)))
                    .await?;
                code = 1;
            }
        }
    }
    Ok(code)
}

fn missing(call: &Call<'_>, path: &str) -> &'static str {
    if entries(call, path).is_some() {
        "Is a directory"
    } else {
        "No such file or directory"
    }
}

/// What is in a folder: names, and the size of those that are files. `None` if it is none.
pub(super) fn entries(call: &Call<'_>, folder: &str) -> Option<BTreeMap<String, Option<usize>>> {
    let folder = format!("{}/", absolute(folder).trim_end_matches('/'));
    let mut found = BTreeMap::new();
    for path in call.context.files.below(&folder) {
        let Some(rest) = path.strip_prefix(&folder) else { continue };
        match rest.split_once('/') {
            Some((name, _)) => found.insert(name.to_owned(), None),
            None => found.insert(rest.to_owned(), call.context.files.read(&path).ok().map(|content| content.len())),
        };
    }
    (!found.is_empty() || folder == "/").then_some(found)
}

/// Containers here work in the root folder.
pub(super) fn absolute(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    match path {
        "." | "" => "/".to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/{path}"),
    }
}

/// `ls [-1al] [PATH...]`
pub(super) async fn ls(call: Call<'_>) -> Ended {
    let (letters, operands) = call.options("1alhAd")?;
    let operands = if operands.is_empty() { vec!["/"] } else { operands };
    let many = operands.len() > 1;
    let mut code = 0;
    for (at, operand) in operands.into_iter().enumerate() {
        let listed: Vec<(String, Option<usize>)> = if let Ok(content) = call.context.files.read(operand) {
            vec![(operand.to_owned(), Some(content.len()))]
        } else if letters.contains('d') && entries(&call, operand).is_some() {
            vec![(operand.to_owned(), None)]
        } else if let Some(found) = entries(&call, operand) {
            if many {
                let gap = if at > 0 { "\n" } else { "" };
                call.streams.stdout.line(format!("{gap}{operand}:")).await?;
            }
            let hidden = letters.contains(['a', 'A']);
            found.into_iter().filter(|(name, _)| hidden || !name.starts_with('.')).collect()
        } else {
            call.streams
                .stderr
                .line(format!("ls: {operand}: No such file or directory"))
                .await?;
            code = 1;
            continue;
        };
        for (name, size) in listed {
            let line = match (letters.contains('l'), size) {
                (false, _) => name,
                (true, Some(size)) => format!("-rw-r--r--    1 root     root     {size:>9} {name}"),
                (true, None) => format!("drwxr-xr-x    2 root     root     {:>9} {name}", 4096),
            };
            call.streams.stdout.line(line).await?;
        }
    }
    Ok(code)
}

/// `rm [-rf] PATH...`
pub(super) async fn rm(call: Call<'_>) -> Ended {
    let (letters, operands) = call.options("rRf")?;
    for operand in operands {
        let mut paths = vec![absolute(operand)];
        if letters.contains(['r', 'R']) {
            paths.extend(call.context.files.below(&format!("{}/", absolute(operand).trim_end_matches('/'))));
        }
        let mut removed = false;
        for path in paths {
            match call.context.files.remove(&path) {
                Ok(()) => removed = true,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => return Err(Failure::Told(format!("can't remove '{operand}': Read-only file system"))),
            }
        }
        if !removed && !letters.contains('f') {
            return Err(Failure::Told(format!("can't remove '{operand}': {}", missing(&call, operand))));
        }
    }
    Ok(0)
}

/// `tee [-a] FILE...`
pub(super) async fn tee(call: Call<'_>) -> Ended {
    let (letters, operands) = call.options("a")?;
    let operands: Vec<String> = operands.into_iter().map(absolute).collect();
    let all = call.streams.stdin.all().await;
    call.streams.stdout.write(all.clone()).await?;
    for path in operands {
        let mut content = match letters.contains('a') {
            true => call.context.files.read(&path).map(Vec::from).unwrap_or_default(),
            false => Vec::new(),
        };
        content.extend_from_slice(&all);
        call.context.files.write(&path, Bytes::from(content))?;
    }
    Ok(0)
}
