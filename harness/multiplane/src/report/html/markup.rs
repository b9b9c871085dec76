//! Text as markup, and words that the page repeats.

use std::fmt::{self, Display, Formatter, Write};

use crate::journal::Outcome;

/// Shows something as text: in an element or in a quoted attribute, it stays what it is.
pub(super) fn text<T: Display>(value: T) -> Text<T> {
    Text(value)
}

/// See [`text`].
pub(super) struct Text<T>(T);

impl<T: Display> Display for Text<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(Escape(formatter), "{}", self.0)
    }
}

struct Escape<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Escape<'_, '_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        part.chars().try_for_each(|character| match character {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            _ => self.0.write_char(character),
        })
    }
}

/// Class of an outcome: what failed is the product (`bad`), or something else is in the way (`odd`).
pub(super) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "ok",
        Outcome::Failed => "bad",
        Outcome::Skipped => "dim",
        _ => "odd",
    }
}

pub(super) fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✓",
        Outcome::Failed => "✗",
        Outcome::Skipped => "–",
        _ => "!",
    }
}

/// `part` of `whole` in percent, for a style.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0%".to_owned();
    }
    let hundredths = u128::from(part.min(whole)) * 10_000 / u128::from(whole);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}
