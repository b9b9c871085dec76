//! `cut`, `tr`, `sort`, `base64`

use base64::Engine;

use super::options::Known;
use super::{Call, Ended, Failure, lines_of};

/// `cut -d TEXT -f LIST [-s]` or `cut -c LIST [FILE...]`
pub(super) async fn cut(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "s",
        valued: "dfcb",
        ..Known::default()
    })?;
    let all = call.read_all(&given.operands).await?;
    let delimiter = given.value('d').unwrap_or("\t");
    let (list, fields) = match (given.value('f'), given.value('c').or(given.value('b'))) {
        (Some(list), None) => (list, true),
        (None, Some(list)) => (list, false),
        _ => return Err(Failure::Told("one of -f and -c is needed".to_owned())),
    };
    let ranges = ranges(list)?;
    let wanted = |at: usize| ranges.iter().any(|(from, to)| (*from..=*to).contains(&(at + 1)));
    for line in lines_of(&all) {
        let text: String = match fields {
            true if !line.contains(delimiter) => {
                if given.has('s') {
                    continue;
                }
                line
            }
            true => {
                let parts = line.split(delimiter).enumerate().filter(|(at, _)| wanted(*at));
                parts.map(|(_, part)| part).collect::<Vec<_>>().join(delimiter)
            }
            false => line
                .chars()
                .enumerate()
                .filter(|(at, _)| wanted(*at))
                .map(|(_, next)| next)
                .collect(),
        };
        call.line(text).await?;
    }
    Ok(0)
}

/// `1,3-5,7-`
fn ranges(list: &str) -> Result<Vec<(usize, usize)>, Failure> {
    let number = |text: &str, otherwise: usize| {
        if text.is_empty() {
            Ok(otherwise)
        } else {
            text.parse().map_err(|_| format!("invalid list '{list}'"))
        }
    };
    let mut ranges = Vec::new();
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        ranges.push((number(from, 1)?, number(to, usize::MAX)?));
    }
    Ok(ranges)
}

/// `tr [-dsc] SET [SET]`
pub(super) async fn tr(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "dsc",
        leading: true,
        ..Known::default()
    })?;
    let (from, to) = match given.operands.as_slice() {
        [from] if given.has('d') || given.has('s') => (set(from), Vec::new()),
        [from, to] => (set(from), set(to)),
        _ => return Err(Failure::Told("two sets are needed".to_owned())),
    };
    let place = |next: char| match given.has('c') {
        false => from.iter().position(|other| *other == next),
        true => (!from.contains(&next)).then_some(usize::MAX),
    };
    let squeezed = if to.is_empty() { &from } else { &to };
    while let Some(chunk) = call.streams.stdin.line().await {
        let mut text = String::new();
        for next in String::from_utf8_lossy(&chunk).chars() {
            let found = place(next);
            let mapped = match found {
                Some(_) if given.has('d') => continue,
                Some(at) if !to.is_empty() => to.get(at).or(to.last()).copied().unwrap_or(next),
                _ => next,
            };
            let repeats = given.has('s') && text.ends_with(mapped) && squeezed.contains(&mapped);
            if !repeats {
                text.push(mapped);
            }
        }
        call.print(text).await?;
    }
    Ok(0)
}

/// The characters of a set: ranges, classes, escapes.
fn set(text: &str) -> Vec<char> {
    let class = |from: char, to: char| (from..=to).collect::<Vec<char>>();
    let expanded = text
        .replace("[:upper:]", "A-Z")
        .replace("[:lower:]", "a-z")
        .replace("[:digit:]", "0-9")
        .replace("[:alpha:]", "A-Za-z")
        .replace("[:alnum:]", "0-9A-Za-z")
        .replace("[:space:]", " \\t\\n\\r\\f\\v")
        .replace("[:punct:]", "!-/:-@[-`{-~");
    let (plain, _) = super::print::unescaped(&expanded);
    let chars: Vec<char> = plain.chars().collect();
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some(next) = chars.get(at).copied() {
        match (chars.get(at + 1), chars.get(at + 2)) {
            (Some('-'), Some(to)) if *to >= next => {
                all.extend(class(next, *to));
                at += 3;
            }
            _ => {
                all.push(next);
                at += 1;
            }
        }
    }
    all
}

/// `sort [-rnuf] [-t TEXT] [-k FIELD] [-o FILE] [FILE...]`
pub(super) async fn sort(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "rnuf",
        valued: "tko",
        ..Known::default()
    })?;
    let all = call.read_all(&given.operands).await?;
    let field = match given.value('k') {
        None => None,
        Some(text) => {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            let numeric = text[digits.len()..].starts_with('n');
            let end = text[digits.len()..].trim_start_matches('n');
            let whole = end.is_empty() || end == format!(",{digits}");
            if !whole {
                return Err(Failure::Code(2, format!("-k {text}: not supported here")));
            }
            Some((
                digits.parse::<usize>().map_err(|_| format!("bad field '{text}'"))?,
                numeric,
                !end.is_empty(),
            ))
        }
    };
    let numeric = given.has('n') || field.is_some_and(|(_, numeric, _)| numeric);
    let key = |line: &str| -> String {
        let text = match field {
            None => line.to_owned(),
            Some((number, _, alone)) => {
                let parts: Vec<&str> = match given.value('t') {
                    Some(by) => line.split(by).collect(),
                    None => line.split_whitespace().collect(),
                };
                let from = parts.get(number.saturating_sub(1)..).unwrap_or_default();
                let by = given.value('t').unwrap_or(" ");
                if alone {
                    from.first().copied().unwrap_or_default().to_owned()
                } else {
                    from.join(by)
                }
            }
        };
        if given.has('f') { text.to_uppercase() } else { text }
    };
    let mut lines: Vec<String> = lines_of(&all).collect();
    let compare = |a: &String, b: &String| {
        let (a_key, b_key) = (key(a), key(b));
        if numeric {
            number(&a_key).total_cmp(&number(&b_key))
        } else {
            a_key.cmp(&b_key)
        }
    };
    lines.sort_by(|a, b| {
        let order = compare(a, b).then_with(|| if given.has('u') { std::cmp::Ordering::Equal } else { a.cmp(b) });
        if given.has('r') { order.reverse() } else { order }
    });
    if given.has('u') {
        lines.dedup_by(|a, b| compare(a, b).is_eq());
    }
    let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
    match given.value('o') {
        Some(file) => call.write(file, text)?,
        None => call.print(text).await?,
    }
    Ok(0)
}

/// The number that a text begins with, else 0.
fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(at, next)| !(next.is_ascii_digit() || *next == '.' || (*at == 0 && *next == '-')))
        .map_or(text.len(), |(at, _)| at);
    text[..end].parse().unwrap_or_default()
}

/// `base64 [-d] [-w COLUMNS] [FILE]`
pub(super) async fn base64(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "d",
        valued: "w",
        long: &[("decode", 'd')],
        ..Known::default()
    })?;
    let all = call.read_all(&given.operands).await?;
    let engine = base64::engine::general_purpose::STANDARD;
    if given.has('d') {
        let text: Vec<u8> = all.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let decoded = engine.decode(text).map_err(|_| "truncated input".to_owned())?;
        call.print(decoded).await?;
        return Ok(0);
    }
    let text = engine.encode(&all);
    match given.number::<usize>('w')?.unwrap_or(76) {
        0 => call.print(text).await?,
        width => {
            let bytes = text.as_bytes();
            for line in bytes.chunks(width) {
                call.line(String::from_utf8_lossy(line)).await?;
            }
        }
    }
    Ok(0)
}
