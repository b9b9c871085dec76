//! Sprig's string functions.

use super::args::{strings, strval};
use super::{Args, Function, MANY, function};
use crate::template::{Engine, Fault, Result, Value, quoted};

pub(super) const TABLE: &[Function] = &[
    function("trim", 1, 1, |_, a| text(a.str(0)?.trim())),
    function("trimAll", 2, 2, |_, a| {
        text(a.str(1)?.trim_matches(|c| a.get(0).as_str().is_some_and(|s| s.contains(c))))
    }),
    function("trimall", 2, 2, |_, a| {
        text(a.str(1)?.trim_matches(|c| a.get(0).as_str().is_some_and(|s| s.contains(c))))
    }),
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
    function("title", 1, 1, |_, a| {
        text(initials_mapped(a.str(0)?, separates_title, |c| c.to_uppercase().collect()))
    }),
    function("untitle", 1, 1, |_, a| {
        text(initials_mapped(a.str(0)?, char::is_whitespace, |c| c.to_lowercase().collect()))
    }),
    function("repeat", 2, 2, |_, a| text(a.str(1)?.repeat(a.size(0)?))),
    function("substr", 3, 3, substr),
    function("nospace", 1, 1, |_, a| text(a.str(0)?.split_whitespace().collect::<String>())),
    function("trunc", 2, 2, trunc),
    function("abbrev", 2, 2, |_, a| text(abbreviated(a.str(1)?, 0, a.int(0)?))),
    function("abbrevboth", 3, 3, |_, a| text(abbreviated(a.str(2)?, a.int(0)?, a.int(1)?))),
    function("initials", 1, 1, |_, a| {
        text(a.str(0)?.split_whitespace().filter_map(|w| w.chars().next()).collect::<String>())
    }),
    function("contains", 2, 2, |_, a| Ok(Value::Bool(a.str(1)?.contains(a.str(0)?)))),
    function("hasPrefix", 2, 2, |_, a| Ok(Value::Bool(a.str(1)?.starts_with(a.str(0)?)))),
    function("hasSuffix", 2, 2, |_, a| Ok(Value::Bool(a.str(1)?.ends_with(a.str(0)?)))),
    function("quote", 0, MANY, |_, a| text(each(a, quoted))),
    function("squote", 0, MANY, |_, a| text(each(a, |s| format!("'{s}'")))),
    function("cat", 0, MANY, |_, a| text(each(a, str::to_owned))),
    function("indent", 2, 2, |_, a| text(indented(a.size(0)?, a.str(1)?))),
    function("nindent", 2, 2, |_, a| text(format!("\n{}", indented(a.size(0)?, a.str(1)?)))),
    function("replace", 3, 3, |_, a| text(a.str(2)?.replace(a.str(0)?, a.str(1)?))),
    function("plural", 3, 3, |_, a| text(if a.int(2)? == 1 { a.str(0)? } else { a.str(1)? })),
    function("snakecase", 1, 1, |_, a| text(delimited(a.str(0)?, '_'))),
    function("kebabcase", 1, 1, |_, a| text(delimited(a.str(0)?, '-'))),
    function("camelcase", 1, 1, |_, a| text(camel(a.str(0)?))),
    function("swapcase", 1, 1, |_, a| text(swapped(a.str(0)?))),
    function("split", 2, 2, |_, a| Ok(numbered(a.str(1)?.split(a.str(0)?)))),
    function("splitn", 3, 3, |_, a| Ok(numbered(a.str(2)?.splitn(a.size(1)?, a.str(0)?)))),
    function("splitList", 2, 2, |_, a| {
        let (separator, s) = (a.str(0)?, a.str(1)?);
        let parts: Vec<Value> = if separator.is_empty() {
            s.chars().map(|c| Value::str(c.to_string())).collect()
        } else {
            s.split(separator).map(Value::str).collect()
        };
        Ok(Value::list(parts))
    }),
    function("join", 2, 2, |_, a| text(strings(a.get(1)).join(a.str(0)?))),
    function("sortAlpha", 1, 1, |_, a| {
        let mut words = strings(a.get(0));
        if matches!(a.get(0), Value::List(_)) {
            words.sort();
        }
        Ok(Value::list(words.into_iter().map(Value::str).collect()))
    }),
];

fn text(s: impl AsRef<str>) -> Result<Value> {
    Ok(Value::str(s))
}

/// The arguments that are not nil, changed and put together with blanks.
fn each(a: &Args<'_>, change: impl Fn(&str) -> String) -> String {
    let words = a.all().iter().filter(|v| !matches!(v, Value::Nil)).map(|v| change(&strval(v)));
    words.collect::<Vec<_>>().join(" ")
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

fn initials_mapped(s: &str, separates: fn(char) -> bool, change: impl Fn(char) -> String) -> String {
    let mut start = true;
    s.chars()
        .map(|c| {
            let changed = if start { change(c) } else { c.to_string() };
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
        return Err(Fault::call(format!(
            "slice bounds out of range [{from}:{to}] with length {}",
            s.len()
        )));
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

/// Words parted where a capital follows a small letter, or by `_`, `-`, blank.
fn delimited(s: &str, delimiter: char) -> String {
    let chars: Vec<char> = s.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let previous = if i > 0 { Some(chars[i - 1]) } else { None };
        let next = chars.get(i + 1);
        if matches!(c, '_' | '-' | ' ' | '.') {
            if !out.ends_with(delimiter) && !out.is_empty() {
                out.push(delimiter);
            }
            continue;
        }
        let after_small = previous.is_some_and(|p| p.is_lowercase() || p.is_ascii_digit());
        let starts_word = previous.is_some_and(char::is_uppercase) && next.is_some_and(|n| n.is_lowercase());
        if c.is_uppercase() && (after_small || starts_word) && !out.ends_with(delimiter) {
            out.push(delimiter);
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn camel(s: &str) -> String {
    let mut upper = true;
    let mut out = String::new();
    for c in s.chars() {
        if matches!(c, '_' | '-' | ' ') {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

fn swapped(s: &str) -> String {
    s.chars()
        .flat_map(|c| {
            let swap: String = if c.is_uppercase() {
                c.to_lowercase().collect()
            } else {
                c.to_uppercase().collect()
            };
            swap.chars().collect::<Vec<_>>()
        })
        .collect()
}

fn numbered<'s>(parts: impl Iterator<Item = &'s str>) -> Value {
    Value::map(parts.enumerate().map(|(i, part)| (format!("_{i}"), Value::str(part))))
}
