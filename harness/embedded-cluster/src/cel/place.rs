//! Where in its text something of an expression stands: the parser does not tell.

use std::collections::BTreeMap;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// A name by itself.
    Name,
    /// A field after a dot, at its dot.
    Field,
    /// A call, at its parenthesis.
    Call,
    /// An operator.
    Sign,
}

/// Finds names and signs in an expression's text, in the order in which they are asked for.
pub(super) struct Places<'t> {
    text: &'t str,
    tokens: Vec<(&'t str, usize)>,
    asked: BTreeMap<(Thing, String), usize>,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            tokens: tokens(text),
            asked: BTreeMap::new(),
        }
    }

    /// The byte at which the next such thing stands; the beginning if there is none.
    pub(super) fn next(&mut self, thing: Thing, name: &str) -> usize {
        let is = |place: usize, wanted: &str| self.tokens.get(place).is_some_and(|(text, _)| *text == wanted);
        let at = |place: usize| self.tokens.get(place).map_or(0, |(_, at)| *at);
        let found = (0..self.tokens.len()).filter(|place| is(*place, name)).filter_map(|place| {
            let after_dot = place > 0 && (is(place - 1, ".") || is(place - 1, ".?"));
            match (thing, after_dot, is(place + 1, "(")) {
                (Thing::Sign, ..) | (Thing::Name, false, false) => Some(at(place)),
                (Thing::Field, true, false) => Some(at(place - 1)),
                (Thing::Call, _, true) => Some(at(place + 1)),
                _ => None,
            }
        });
        let found: Vec<usize> = found.collect();
        let nth = self.asked.entry((thing, name.to_owned())).or_default();
        *nth += 1;
        found.get(*nth - 1).or(found.last()).copied().unwrap_or(0)
    }

    /// An error at a byte of the text, as Kubernetes' compiler shows it.
    pub(super) fn error(&self, at: usize, message: &str) -> String {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        shown(self.text, line + 1, column + 1, message)
    }
}

/// An error at a line and column, both from 1.
pub(super) fn shown(text: &str, line: usize, column: usize, message: &str) -> String {
    let source = text.split('\n').nth(line - 1).unwrap_or_default();
    let dots = ".".repeat(column - 1);
    format!("ERROR: <input>:{line}:{column}: {message}\n | {source}\n | {dots}^")
}

/// Names and signs with their places; texts in quotes and comments are left out.
fn tokens(text: &str) -> Vec<(&str, usize)> {
    let mut tokens = vec![];
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if c.is_alphanumeric() || c == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if c == '"' || c == '\'' {
            at += quoted(rest, c);
            continue;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if let Some(sign) = ["==", "!=", "<=", ">=", "&&", "||", ".?", "[?"]
            .iter()
            .find(|sign| rest.starts_with(**sign))
        {
            sign.len()
        } else {
            c.len_utf8()
        };
        if !c.is_whitespace() {
            tokens.push((&rest[..length], at));
        }
        at += length;
    }
    tokens
}

/// Length of a text in quotes.
fn quoted(text: &str, quote: char) -> usize {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let end = if text.starts_with(&triple) { triple } else { quote.to_string() };
    let mut at = end.len();
    while at < text.len() && !text[at..].starts_with(&end) {
        let escaped = text[at..].starts_with('\\');
        at += text[at..]
            .chars()
            .take(if escaped { 2 } else { 1 })
            .map(char::len_utf8)
            .sum::<usize>();
    }
    (at + end.len()).min(text.len())
}
