//! The language of `--set`.

use serde_json::{Map, Value as Json};

/// How the right-hand sides are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// `null`, booleans and integers get their types.
    Typed,
    /// Everything is text.
    Text,
}

/// Largest list index, as in Helm: `a[999999999]=x` must not eat the memory.
const MAX_INDEX: usize = 65536;

enum Step {
    Key(String),
    Index(usize),
}

/// Applies `path=value,path=value`.
pub(super) fn apply(target: &mut Map<String, Json>, expression: &str, mode: Mode) -> Result<(), String> {
    let mut rest = expression;
    while !rest.is_empty() {
        let (path, end) = scan(rest, &['=', ','])?;
        if rest.as_bytes().get(end) != Some(&b'=') {
            return Err(format!("key {path:?} has no value"));
        }
        let after = &rest[end + 1..];
        let (value, used) = value(after, mode)?;
        assign(target, &rest[..end], value)?;
        rest = after[used..].strip_prefix(',').unwrap_or(&after[used..]);
    }
    Ok(())
}

/// Puts a value at a path.
pub(super) fn put(target: &mut Map<String, Json>, path: &str, value: Json) -> Result<(), String> {
    assign(target, path, value)
}

/// Reads up to one of the stops, outside escapes: the raw text and where it ended.
fn scan<'t>(text: &'t str, stops: &[char]) -> Result<(&'t str, usize), String> {
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if stops.contains(&c) => return Ok((&text[..i], i)),
            _ => {}
        }
    }
    Ok((text, text.len()))
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

fn value(text: &str, mode: Mode) -> Result<(Json, usize), String> {
    let Some(inner) = text.strip_prefix('{') else {
        let (raw, end) = scan(text, &[','])?;
        return Ok((typed(raw, mode), end));
    };
    let mut items = Vec::new();
    let mut at = 0;
    loop {
        let (raw, end) = scan(&inner[at..], &[',', '}'])?;
        let stop = at + end;
        match inner.as_bytes().get(stop) {
            Some(b',') => items.push(typed(raw, mode)),
            Some(_) => {
                if !(raw.is_empty() && items.is_empty()) {
                    items.push(typed(raw, mode));
                }
                return Ok((Json::Array(items), stop + 2));
            }
            None => return Err("list must terminate with '}'".into()),
        }
        at = stop + 1;
    }
}

fn typed(raw: &str, mode: Mode) -> Json {
    let text = unescaped(raw);
    if mode == Mode::Text {
        return Json::String(text);
    }
    match text.to_ascii_lowercase().as_str() {
        "true" => return Json::Bool(true),
        "false" => return Json::Bool(false),
        "null" => return Json::Null,
        "0" => return Json::from(0),
        _ => {}
    }
    match text.parse::<i64>() {
        Ok(n) if !text.starts_with('0') => Json::from(n),
        _ => Json::String(text),
    }
}

fn steps(path: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (raw, end) = scan(rest, &['.', '['])?;
        if !raw.is_empty() {
            steps.push(Step::Key(unescaped(raw)));
        }
        rest = &rest[end..];
        if let Some(inner) = rest.strip_prefix('[') {
            let (digits, after) = inner.split_once(']').ok_or("a list index is not closed")?;
            let index: usize = digits.parse().map_err(|_| format!("error parsing index: {digits:?}"))?;
            if index > MAX_INDEX {
                return Err(format!("index of {index} is greater than maximum supported index of {MAX_INDEX}"));
            }
            steps.push(Step::Index(index));
            rest = after;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    match steps.first() {
        Some(Step::Key(_)) => Ok(steps),
        _ => Err(format!("key {path:?} is empty")),
    }
}

fn assign(target: &mut Map<String, Json>, path: &str, value: Json) -> Result<(), String> {
    let steps = steps(path)?;
    let Some((Step::Key(first), rest)) = steps.split_first() else {
        return Err(format!("key {path:?} is empty"));
    };
    let mut slot = target.entry(first.clone()).or_insert(Json::Null);
    for step in rest {
        slot = match step {
            Step::Key(key) => {
                if !slot.is_object() {
                    *slot = Json::Object(Map::new());
                }
                match slot {
                    Json::Object(entries) => entries.entry(key.clone()).or_insert(Json::Null),
                    _ => return Err(format!("{path}: not a mapping")),
                }
            }
            Step::Index(index) => {
                if !slot.is_array() {
                    *slot = Json::Array(Vec::new());
                }
                match slot {
                    Json::Array(items) => {
                        if items.len() <= *index {
                            items.resize(index + 1, Json::Null);
                        }
                        &mut items[*index]
                    }
                    _ => return Err(format!("{path}: not a list")),
                }
            }
        };
    }
    *slot = value;
    Ok(())
}
