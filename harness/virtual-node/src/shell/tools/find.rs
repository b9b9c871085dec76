//! `find`

use super::{Call, Ended, Failure};
use crate::shell::expand::Pattern;

/// What a file must be to be shown.
#[derive(Default)]
struct Wanted {
    name: Option<Pattern>,
    path: Option<Pattern>,
    folders: Option<bool>,
    deepest: Option<usize>,
    highest: usize,
    empty: bool,
    delete: bool,
}

/// `find [PATH...] [-name PATTERN] [-path PATTERN] [-type f|d] [-maxdepth N] [-mindepth N] [-empty] [-print] [-delete]`
pub(super) async fn find(call: Call<'_>) -> Ended {
    let first = call
        .args
        .iter()
        .position(|arg| arg.starts_with('-') || arg == "!" || arg == "(")
        .unwrap_or(call.args.len());
    let (roots, mut tests) = call.args.split_at(first);
    let mut wanted = Wanted::default();
    while let [test, rest @ ..] = tests {
        let value = rest.first().map(String::as_str).unwrap_or_default();
        let number = || value.parse().map_err(|_| Failure::Told(format!("invalid number '{value}'")));
        let pattern = || Some(Pattern::new([(value, false)]));
        let mut takes = 1;
        match test.as_str() {
            "-name" => wanted.name = pattern(),
            "-path" => wanted.path = pattern(),
            "-type" if value == "f" || value == "d" => wanted.folders = Some(value == "d"),
            "-maxdepth" => wanted.deepest = Some(number()?),
            "-mindepth" => wanted.highest = number()?,
            "-empty" => (wanted.empty, takes) = (true, 0),
            "-delete" => (wanted.delete, takes) = (true, 0),
            "-print" => takes = 0,
            other => return Err(Failure::Told(format!("unrecognized: {other} {value}"))),
        }
        tests = rest.get(takes..).unwrap_or_default();
    }
    let here = vec![".".to_owned()];
    let mut code = 0;
    for root in if roots.is_empty() { &here } else { roots } {
        let path = call.path(root);
        if !call.context.files.is_folder(&path) && call.context.files.read(&path).is_err() {
            call.complain(&format!("{root}: No such file or directory")).await;
            code = 1;
            continue;
        }
        for found in below(&call, root, 0, &wanted) {
            match wanted.delete {
                true => super::files::remove(&call, &found, true)?,
                false => call.line(found).await?,
            }
        }
    }
    Ok(code)
}

/// A path and all below it that are wanted; with `-delete` a folder comes after what is in it.
fn below(call: &Call<'_>, shown: &str, depth: usize, wanted: &Wanted) -> Vec<String> {
    let path = call.path(shown);
    let entries = call.context.files.entries(&path);
    let is_empty = match &entries {
        Some(entries) => entries.is_empty(),
        None => call.context.files.read(&path).is_ok_and(|content| content.is_empty()),
    };
    let is_wanted = depth >= wanted.highest
        && wanted.name.as_ref().is_none_or(|name| name.matches(super::paths::base(shown)))
        && wanted.path.as_ref().is_none_or(|path| path.matches(shown))
        && wanted.folders.is_none_or(|folders| folders == entries.is_some())
        && (!wanted.empty || is_empty);
    let mut found = Vec::new();
    if is_wanted && !wanted.delete {
        found.push(shown.to_owned());
    }
    if wanted.deepest.is_none_or(|deepest| depth < deepest) {
        for name in entries.into_iter().flatten().map(|(name, _)| name) {
            found.extend(below(call, &format!("{}/{name}", shown.trim_end_matches('/')), depth + 1, wanted));
        }
    }
    if is_wanted && wanted.delete {
        found.push(shown.to_owned());
    }
    found
}
