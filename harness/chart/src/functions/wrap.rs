//! `wrap` and `wrapWith`: lines of at most so many bytes, broken at blanks.

use super::{Args, Function, function};
use crate::template::{Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("wrap", 2, 2, |_, a| wrapped(a, 1, "\n", LongWords::Stay)),
    function("wrapWith", 3, 3, |_, a| {
        let separator = a.str(1)?;
        wrapped(a, 2, if separator.is_empty() { "\n" } else { separator }, LongWords::Break)
    }),
];

/// What becomes of a word that is longer than a line.
#[derive(Clone, Copy, PartialEq)]
enum LongWords {
    Stay,
    Break,
}

/// Go counts bytes here, so a break may fall into a character; that is refused.
fn wrapped(a: &Args<'_>, text: usize, separator: &str, long: LongWords) -> Result<Value> {
    let width = usize::try_from(a.int(0)?).unwrap_or(1).max(1);
    let lines = lines(a.str(text)?.as_bytes(), width, long);
    let lines: Option<Vec<&str>> = lines.into_iter().map(|line| std::str::from_utf8(line).ok()).collect();
    match lines {
        Some(lines) => Ok(Value::str(lines.join(separator))),
        None => Err(Fault::unsupported("wrapping in the middle of a character is not supported")),
    }
}

fn lines(mut rest: &[u8], width: usize, long: LongWords) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        // The blank at which to break is the last one that ends a line of this width, or the first behind it.
        let within = rest[..=width].iter().rposition(|byte| *byte == b' ');
        let behind = || rest[width..].iter().position(|byte| *byte == b' ').map(|at| at + width);
        let (end, next) = match (within, long) {
            (Some(blank), _) => (blank, blank + 1),
            (None, LongWords::Break) => (width, width),
            (None, LongWords::Stay) => behind().map_or((rest.len(), rest.len()), |blank| (blank, blank + 1)),
        };
        lines.push(&rest[..end]);
        if end == rest.len() {
            return lines;
        }
        rest = &rest[next..];
    }
    lines.push(rest);
    lines
}
