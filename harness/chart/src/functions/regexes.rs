//! Sprig's regular expressions: Go's syntax, Go's rules for empty matches and replacements.

use std::ops::Range;

use regex::Regex;

use super::re2::translated;
use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    // Where the others fail, this one does not match.
    function("regexMatch", 2, 2, |_, a| {
        let regex = expression(a.str(0)?);
        let text = a.str(1)?;
        Ok(Value::Bool(regex.is_ok_and(|regex| regex.is_match(text))))
    }),
    function("mustRegexMatch", 2, 2, |_, a| Ok(Value::Bool(must(a)?.is_match(a.str(1)?)))),
    function("regexFind", 2, 2, |_, a| find(&compiled(a)?, a)),
    function("mustRegexFind", 2, 2, |_, a| find(&must(a)?, a)),
    function("regexFindAll", 3, 3, |_, a| find_all(&compiled(a)?, a)),
    function("mustRegexFindAll", 3, 3, |_, a| find_all(&must(a)?, a)),
    function("regexReplaceAll", 3, 3, |_, a| replace(&compiled(a)?, a)),
    function("mustRegexReplaceAll", 3, 3, |_, a| replace(&must(a)?, a)),
    function("regexReplaceAllLiteral", 3, 3, |_, a| replace_literal(&compiled(a)?, a)),
    function("mustRegexReplaceAllLiteral", 3, 3, |_, a| replace_literal(&must(a)?, a)),
    function("regexSplit", 3, 3, |_, a| split(&compiled(a)?, a)),
    function("mustRegexSplit", 3, 3, |_, a| split(&must(a)?, a)),
    function("regexQuoteMeta", 1, 1, quote_meta),
];

fn expression(source: &str) -> std::result::Result<Regex, String> {
    let refused = |message: String| format!("error parsing regexp: {message}");
    let regex = translated(source).map_err(refused)?;
    Regex::new(&regex).map_err(|error| refused(error.to_string()))
}

/// The first argument; its error is returned.
fn must(a: &Args<'_>) -> Result<Regex> {
    expression(a.str(0)?).map_err(Fault::call)
}

/// The first argument; its error is a panic in Go.
fn compiled(a: &Args<'_>) -> Result<Regex> {
    let source = a.str(0)?;
    expression(source).map_err(|message| {
        let quoted = if source.contains('`') {
            crate::template::quoted(source)
        } else {
            format!("`{source}`")
        };
        Fault::call(format!("regexp: Compile({quoted}): {message}"))
    })
}

fn limit(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn find(regex: &Regex, a: &Args<'_>) -> Result<Value> {
    Ok(Value::str(regex.find(a.str(1)?).map_or("", |found| found.as_str())))
}

fn find_all(regex: &Regex, a: &Args<'_>) -> Result<Value> {
    let found = regex.find_iter(a.str(1)?).take(limit(a.int(2)?));
    Ok(Value::texts(found.map(|m| m.as_str())))
}

fn replace(regex: &Regex, a: &Args<'_>) -> Result<Value> {
    let pattern = a.str(2)?;
    let expand = |captures: &regex::Captures<'_>| expanded(pattern, captures);
    Ok(Value::str(regex.replace_all(a.str(1)?, expand)))
}

/// `$1`, `$name`, `${name}` and `$$`; what is none of them stays.
fn expanded(pattern: &str, captures: &regex::Captures<'_>) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(behind) = after.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        let (name, behind) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}').unwrap_or(("", after)),
            None => {
                let end = after.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_alphanumeric()) {
            out.push('$');
            rest = after;
            continue;
        }
        let group = match name.parse::<usize>() {
            Ok(number) => captures.get(number),
            Err(_) => captures.name(name),
        };
        out.push_str(group.map_or("", |group| group.as_str()));
        rest = behind;
    }
    out + rest
}

fn replace_literal(regex: &Regex, a: &Args<'_>) -> Result<Value> {
    Ok(Value::str(regex.replace_all(a.str(1)?, regex::NoExpand(a.str(2)?))))
}

/// Go's `Split`: an empty match at either end parts nothing.
fn split(regex: &Regex, a: &Args<'_>) -> Result<Value> {
    let (text, most) = (a.str(1)?, limit(a.int(2)?));
    let mut parts = Vec::new();
    if most == 0 {
        return Ok(Value::texts(parts));
    }
    if !a.str(0)?.is_empty() && text.is_empty() {
        return Ok(Value::texts([""]));
    }
    let (mut start, mut end) = (0, 0);
    for Range { start: from, end: to } in regex.find_iter(text).map(|found| found.range()) {
        if parts.len() + 1 == most {
            break;
        }
        end = from;
        if to != 0 {
            parts.push(&text[start..end]);
        }
        start = to;
    }
    if end != text.len() {
        parts.push(&text[start..]);
    }
    Ok(Value::texts(parts))
}

fn quote_meta(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let escaped = |c: char| r"\.+*?()|[]{}^$".contains(c).then_some('\\').into_iter().chain([c]);
    Ok(Value::str(a.str(0)?.chars().flat_map(escaped).collect::<String>()))
}
