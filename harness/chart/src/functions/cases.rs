//! `snakecase` and its kin, with the word boundaries of the Go library xstrings 1.5.

use super::{Function, function};
use crate::template::Value;

pub(super) const TABLE: &[Function] = &[
    function("snakecase", 1, 1, |_, a| Ok(Value::str(joined(a.str(0)?, '_')))),
    function("kebabcase", 1, 1, |_, a| Ok(Value::str(joined(a.str(0)?, '-')))),
    function("camelcase", 1, 1, |_, a| Ok(Value::str(pascal(a.str(0)?)))),
    function("swapcase", 1, 1, |_, a| Ok(Value::str(swapped(a.str(0)?)))),
];

/// What a word is made of.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Number,
    /// Begins with a capital: an abbreviation, or a capitalised word.
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_connector(c: char) -> bool {
    matches!(c, '-' | '_') || c.is_whitespace()
}

fn is_punctuation(c: char) -> bool {
    // Go's class P; the symbols among ASCII's marks are not in it.
    (c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c)) || matches!(c, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}')
}

/// Letters of scripts that know case, by which words are told apart.
fn is_letter(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

/// The first word of a text that is not empty: its kind and how many bytes it takes.
fn word(text: &str) -> (Kind, usize) {
    let mut chars = text.chars();
    let first = chars.next().unwrap_or_default();
    let run = |test: &dyn Fn(char) -> bool| text.len() - text.trim_start_matches(test).len();
    let small = |c: char| is_letter(c) && !c.is_uppercase();
    if is_connector(first) {
        return (Kind::Connector, run(&is_connector));
    }
    if is_punctuation(first) {
        return (Kind::Punctuation, run(&is_punctuation));
    }
    if first.is_uppercase() {
        let capitals = run(&char::is_uppercase);
        let behind = &text[capitals..];
        let follows = behind.starts_with(small);
        let one = first.len_utf8() == capitals;
        let length = match (one, follows) {
            // `Server`
            (true, true) => capitals + behind.len() - behind.trim_start_matches(small).len(),
            // `HTTPServer`: its last capital begins the next word.
            (false, true) => capitals - text[..capitals].chars().next_back().map_or(0, char::len_utf8),
            (_, false) => capitals,
        };
        return (Kind::Upper, length);
    }
    if is_letter(first) {
        return (Kind::Letters, run(&small));
    }
    if first.is_numeric() {
        return (Kind::Number, run(&char::is_numeric));
    }
    let other = |c: char| !(is_connector(c) || is_letter(c) || c.is_numeric() || is_punctuation(c));
    (Kind::Other, run(&other))
}

fn words(mut text: &str) -> Vec<(Kind, &str)> {
    let mut words = Vec::new();
    while !text.is_empty() {
        let (kind, length) = word(text);
        words.push((kind, &text[..length]));
        text = &text[length..];
    }
    words
}

/// Words in small letters with a connector between them.
fn joined(text: &str, connector: char) -> String {
    let words = words(text);
    let kind = |i: usize| words.get(i).map(|(kind, _)| *kind);
    let mut out = String::new();
    let mut i = 0;
    let write = |out: &mut String, i: usize| {
        let (kind, word) = words[i];
        match kind {
            Kind::Upper => out.extend(word.chars().flat_map(char::to_lowercase)),
            Kind::Connector => out.extend(word.chars().map(|_| connector)),
            _ => out.push_str(word),
        }
    };
    // Letters behind a number, and further numbers, belong to it: `2m3s`.
    let with_number = |out: &mut String, mut i: usize| {
        while matches!(kind(i), Some(Kind::Letters | Kind::Number)) {
            write(out, i);
            i += 1;
        }
        i
    };
    let apart = |kind: Option<Kind>| !matches!(kind, None | Some(Kind::Connector | Kind::Punctuation));
    while i < words.len() {
        write(&mut out, i);
        let next = i + 1;
        match words[i].0 {
            Kind::Number => {
                i = with_number(&mut out, next);
                if apart(kind(i)) {
                    out.push(connector);
                }
            }
            Kind::Connector | Kind::Punctuation => i = next,
            _ if kind(next) != Some(Kind::Number) => {
                if apart(kind(next)) {
                    out.push(connector);
                }
                i = next;
            }
            // A last number stays with its word.
            _ if next + 1 == words.len() => i = next,
            // A number with letters behind it is a word of its own.
            _ if kind(next + 1) == Some(Kind::Letters) => {
                out.push(connector);
                i = with_number(&mut out, next);
                if apart(kind(i)) {
                    out.push(connector);
                }
            }
            _ => {
                write(&mut out, next);
                i = next + 1;
                if apart(kind(i)) {
                    out.push(connector);
                }
            }
        }
    }
    out
}

fn upper(c: char) -> char {
    single(c, c.to_uppercase())
}

fn lower(c: char) -> char {
    single(c, c.to_lowercase())
}

/// Go maps characters one to one; what would become several stays.
fn single(c: char, mut mapped: impl ExactSizeIterator<Item = char>) -> char {
    if mapped.len() == 1 { mapped.next().unwrap_or(c) } else { c }
}

/// Words joined with capitals. Connectors at the start and all but one of a run stay; a word in capitals keeps only its first.
fn pascal(text: &str) -> String {
    let body = text.trim_start_matches(is_connector);
    let mut out = text[..text.len() - body.len()].to_owned();
    let mut chars = body.chars();
    let Some(first) = chars.next() else {
        // xstrings writes the last connector twice.
        out.extend(text.chars().next_back());
        return out;
    };
    let mut previous = upper(first);
    let mut in_capitals = first.is_uppercase();
    for c in chars {
        let mut current = c;
        match (is_connector(previous), is_connector(c)) {
            (true, true) => {
                out.push(previous);
                previous = c;
                continue;
            }
            (true, false) => {
                in_capitals = c.is_uppercase();
                current = upper(c);
            }
            (false, _) => {
                if in_capitals {
                    in_capitals = c.is_uppercase();
                    current = if in_capitals { lower(c) } else { c };
                }
                out.push(previous);
            }
        }
        previous = current;
    }
    out.push(previous);
    out
}

/// Capitals become small, small letters capital, the first of a word a title letter.
fn swapped(text: &str) -> String {
    let mut starts = true;
    let swap = |c: char| {
        if c.is_uppercase() || super::strings::is_title(c) {
            starts = false;
            lower(c)
        } else if c.is_lowercase() {
            let first = std::mem::replace(&mut starts, false);
            if first { super::strings::title(c) } else { upper(c) }
        } else {
            starts = c.is_whitespace();
            c
        }
    };
    text.chars().map(swap).collect()
}
