//! Sprig's string functions.

use super::args::{strings, strval};
use super::{Args, Function, MANY, function};
use crate::template::{Engine, Entries, Fault, Map, Result, Value, quoted};

pub(super) const TABLE: &[Function] = &[
    function("trim", 1, 1, |_, a| text(a.str(0)?.trim())),
    function("trimAll", 2, 2, trim_all),
    function("trimall", 2, 2, trim_all),
    function("trimPrefix", 2, 2, |_, a| {
        let (prefix, s) = (a.str(0)?, a.str(1)?);
        text(s.strip_prefix(prefix).unwrap_or(s))
    }),
    function("trimSuffix", 2, 2, |_, a| {
        let (suffix, s) = (a.str(0)?, a.str(1)?);
        text(s.strip_suffix(suffix).unwrap_or(s))
    }),
    function("upper", 1, 1, |_, a| text(a.str(0)?.to_uppercase())),
    function("lower", 1, 1, |_, a| text(a.str(0)?.to_lowercase())),
    function("title", 1, 1, |_, a| text(initials_mapped(a.str(0)?, separates_title, title))),
    function("untitle", 1, 1, |_, a| {
        text(initials_mapped(a.str(0)?, char::is_whitespace, |c| {
            c.to_lowercase().next().unwrap_or(c)
        }))
    }),
    function("repeat", 2, 2, |_, a| text(a.str(1)?.repeat(repeats(a)?))),
    function("substr", 3, 3, substr),
    function("nospace", 1, 1, |_, a| {
        text(byte_characters(a.str(0)?).filter(|c| !c.is_whitespace()).collect::<String>())
    }),
    function("trunc", 2, 2, trunc),
    function("abbrev", 2, 2, |_, a| text(abbreviated(a.str(1)?, 0, a.int(0)?))),
    function("abbrevboth", 3, 3, |_, a| text(abbreviated(a.str(2)?, a.int(0)?, a.int(1)?))),
    function("initials", 1, 1, initials),
    function("contains", 2, 2, |_, a| Ok(Value::Bool(a.str(1)?.contains(a.str(0)?)))),
    function("hasPrefix", 2, 2, |_, a| Ok(Value::Bool(a.str(1)?.starts_with(a.str(0)?)))),
    function("hasSuffix", 2, 2, |_, a| Ok(Value::Bool(a.str(1)?.ends_with(a.str(0)?)))),
    function("quote", 0, MANY, |_, a| text(each(a, quoted))),
    function("squote", 0, MANY, |_, a| text(each(a, |s| format!("'{s}'")))),
    function("cat", 0, MANY, |_, a| text(each(a, str::to_owned))),
    function("indent", 2, 2, |_, a| text(indented(repeats(a)?, a.str(1)?))),
    function("nindent", 2, 2, |_, a| text(format!("\n{}", indented(repeats(a)?, a.str(1)?)))),
    function("replace", 3, 3, |_, a| text(a.str(2)?.replace(a.str(0)?, a.str(1)?))),
    function("plural", 3, 3, |_, a| {
        let (one, many) = (a.str(0)?, a.str(1)?);
        text(if a.int(2)? == 1 { one } else { many })
    }),
    function("split", 2, 2, |_, a| Ok(numbered(parts(a.str(1)?, a.str(0)?, -1)))),
    function("splitn", 3, 3, |_, a| Ok(numbered(parts(a.str(2)?, a.str(0)?, a.int(1)?)))),
    function("splitList", 2, 2, |_, a| {
        let (separator, s) = (a.str(0)?, a.str(1)?);
        Ok(Value::texts(parts(s, separator, -1)))
    }),
    function("join", 2, 2, |_, a| text(strings(a.get(1)).join(a.str(0)?))),
    function("sortAlpha", 1, 1, |_, a| {
        let mut words = match a.get(0) {
            Value::List(_) => strings(a.get(0)),
            other => vec![strval(other)],
        };
        words.sort();
        Ok(Value::texts(words))
    }),
];

fn trim_all(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (set, s) = (a.str(0)?, a.str(1)?);
    text(s.trim_matches(|c| set.contains(c)))
}

/// goutils takes every byte for a character, so what is not ASCII comes out as Latin-1.
fn byte_characters(s: &str) -> impl Iterator<Item = char> {
    s.bytes().map(char::from)
}

fn initials(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let mut gap = true;
    let kept = byte_characters(a.str(0)?).filter(|c| std::mem::replace(&mut gap, c.is_whitespace()) && !c.is_whitespace());
    text(kept.collect::<String>())
}

fn text(s: impl AsRef<str>) -> Result<Value> {
    Ok(Value::str(s))
}

/// The arguments that are not nil, changed and put together with blanks.
fn each(a: &Args<'_>, change: impl Fn(&str) -> String) -> String {
    let words = a.all().iter().filter(|v| !matches!(v, Value::Nil)).map(|v| change(&strval(v)));
    words.collect::<Vec<_>>().join(" ")
}

/// How often to repeat something, from the first argument.
fn repeats(a: &Args<'_>) -> Result<usize> {
    usize::try_from(a.int(0)?).map_err(|_| Fault::call("strings: negative Repeat count"))
}

fn indented(count: usize, s: &str) -> String {
    let pad = " ".repeat(count);
    format!("{pad}{}", s.replace('\n', &format!("\n{pad}")))
}

/// Go's `strings.Title` starts a word after anything but letters, digits and `_`.
fn separates_title(c: char) -> bool {
    if c.is_ascii() {
        !c.is_ascii_alphanumeric() && c != '_'
    } else {
        c.is_whitespace()
    }
}

/// The letters of two, such as `ǅ`, that are neither capital nor small.
pub(super) fn is_title(c: char) -> bool {
    matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ' | '\u{1f88}'..='\u{1f8f}' | '\u{1f98}'..='\u{1f9f}' | '\u{1fa8}'..='\u{1faf}' | 'ᾼ' | 'ῌ' | 'ῼ')
}

/// Go's `unicode.ToTitle`.
pub(super) fn title(c: char) -> char {
    match c {
        'Ǆ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǳ' => 'ǲ',
        c => {
            let mut upper = c.to_uppercase();
            if upper.len() == 1 { upper.next().unwrap_or(c) } else { c }
        }
    }
}

fn initials_mapped(s: &str, separates: fn(char) -> bool, change: impl Fn(char) -> char) -> String {
    let mut start = true;
    s.chars()
        .map(|c| {
            let changed = if start { change(c) } else { c };
            start = separates(c);
            changed
        })
        .collect()
}

fn substr(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (start, end, s) = (a.int(0)?, a.int(1)?, a.str(2)?);
    let len = s.len() as i64;
    let (from, to) = match (start, end) {
        (s, e) if s < 0 => (0, e),
        (s, e) if e < 0 || e > len => (s, len),
        both => both,
    };
    part(s, from, to)
}

fn trunc(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (count, s) = (a.int(0)?, a.str(1)?);
    let len = s.len() as i64;
    if count < 0 && len + count > 0 {
        return part(s, len + count, len);
    }
    if count >= 0 && len > count { part(s, 0, count) } else { text(s) }
}

/// Bytes `from..to`, as Go slices strings.
fn part(s: &str, from: i64, to: i64) -> Result<Value> {
    let range = usize::try_from(from)
        .ok()
        .zip(usize::try_from(to).ok())
        .filter(|(f, t)| f <= t && *t <= s.len());
    let Some((from, to)) = range else {
        let (from, to) = if to > s.len() as i64 {
            (String::new(), to)
        } else {
            (from.to_string(), to)
        };
        let with = if from.is_empty() {
            format!(" with length {}", s.len())
        } else {
            String::new()
        };
        return Err(Fault::call(format!("runtime error: slice bounds out of range [{from}:{to}]{with}")));
    };
    match s.get(from..to) {
        Some(part) => text(part),
        None => Err(Fault::unsupported("cutting through the middle of a character is not supported")),
    }
}

/// Keeps `offset..`, with `...` where something was cut (goutils' rules).
fn abbreviated(s: &str, offset: i64, width: i64) -> String {
    let chars: Vec<char> = s.chars().collect();
    let len = chars.len() as i64;
    if width < 4 || (offset > 0 && width < 7) || len <= width {
        return s.to_owned();
    }
    let take = |from: i64, to: i64| -> String { chars.iter().skip(from.max(0) as usize).take((to - from).max(0) as usize).collect() };
    let offset = if offset > len { len } else { offset };
    let offset = if len - offset < width - 3 { len - (width - 3) } else { offset };
    if offset <= 4 {
        return take(0, width - 3) + "...";
    }
    if offset + width - 3 < len {
        return format!("...{}...", take(offset, offset + width - 6));
    }
    format!("...{}", take(len - (width - 3), len))
}

/// Go's `strings.SplitN`: nothing between the parts means every character; a negative `most` all of them.
fn parts<'s>(s: &'s str, separator: &str, most: i64) -> Vec<&'s str> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if !separator.is_empty() {
        return s.splitn(most, separator).collect();
    }
    let mut parts = Vec::new();
    let mut rest = s;
    while let Some(first) = rest.chars().next().filter(|_| parts.len() < most) {
        let end = if parts.len() + 1 == most { rest.len() } else { first.len_utf8() };
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts
}

fn numbered(parts: Vec<&str>) -> Value {
    let entries = parts.iter().enumerate().map(|(i, part)| (format!("_{i}").into(), Value::str(part)));
    Value::Map(Map::new(entries.collect(), Entries::Text))
}
