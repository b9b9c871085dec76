//! `read`

use super::{Done, Own, Undone};
use crate::shell::interp::TERMINATED;
use crate::shell::syntax::is_name;

/// `read [-r] [-p PROMPT] [NAME...]`: a line, split at the characters of `IFS`; 1 at the end of the input.
pub(super) async fn read(own: Own<'_>) -> Done {
    let (mut raw, mut names) = (false, Vec::new());
    let mut args = own.args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-r" => raw = true,
            "-p" | "-rp" => {
                raw |= arg == "-rp";
                let prompt = args.next().map(String::as_str).unwrap_or_default();
                own.streams
                    .stderr
                    .write(prompt.to_owned())
                    .await
                    .map_err(|error| error.to_string())?;
            }
            option if option.starts_with('-') => return Err(Undone::Told(2, format!("Illegal option {option}"))),
            name if is_name(name) => names.push(name.to_owned()),
            name => return Err(Undone::Told(2, format!("{name}: bad variable name"))),
        }
    }
    let (mut text, mut whole) = (String::new(), false);
    while !whole {
        let line = tokio::select! {
            biased;
            line = own.streams.stdin.line() => line,
            () = own.shell.trapped() => return Ok(TERMINATED),
        };
        let Some(line) = line else { break };
        let line = String::from_utf8_lossy(&line).into_owned();
        whole = line.ends_with('\n');
        let line = line.trim_end_matches('\n');
        // A backslash at its end joins the next line to it.
        match line.strip_suffix('\\').filter(|_| !raw && whole) {
            Some(joined) => {
                text.push_str(joined);
                whole = false;
            }
            None => {
                text.push_str(line);
                break;
            }
        }
    }
    if names.is_empty() {
        names.push("REPLY".to_owned());
    }
    let ifs = own.shell.vars.get("IFS").unwrap_or(" \t\n").to_owned();
    let chars: Vec<(char, bool)> = marked(&text, raw);
    for (name, value) in values(&names, &chars, &ifs) {
        own.shell.vars.set(name, value)?;
    }
    Ok(i32::from(!whole))
}

/// Characters, and whether a backslash took their meaning.
fn marked(text: &str, raw: bool) -> Vec<(char, bool)> {
    let (mut chars, mut rest) = (Vec::new(), text.chars());
    while let Some(next) = rest.next() {
        match next {
            '\\' if !raw => chars.extend(rest.next().map(|next| (next, true))),
            other => chars.push((other, false)),
        }
    }
    chars
}

/// What each name gets; the last one all that is left.
fn values<'a>(names: &'a [String], chars: &[(char, bool)], ifs: &str) -> Vec<(&'a str, String)> {
    let blank = |at: usize| {
        chars
            .get(at)
            .is_some_and(|(next, escaped)| !escaped && " \t\n".contains(*next) && ifs.contains(*next))
    };
    let separator = |at: usize| chars.get(at).is_some_and(|(next, escaped)| !escaped && ifs.contains(*next));
    let (mut at, mut values) = (0, Vec::new());
    while blank(at) {
        at += 1;
    }
    for (number, name) in names.iter().enumerate() {
        let mut end = at;
        if number + 1 == names.len() {
            end = chars.len();
            while end > at && blank(end - 1) {
                end -= 1;
            }
        } else {
            while end < chars.len() && !separator(end) {
                end += 1;
            }
        }
        values.push((name.as_str(), chars[at..end].iter().map(|(next, _)| *next).collect()));
        at = end;
        while blank(at) {
            at += 1;
        }
        if separator(at) {
            at += 1;
            while blank(at) {
                at += 1;
            }
        }
    }
    values
}
