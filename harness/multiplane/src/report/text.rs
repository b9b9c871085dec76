//! Words and colours that reports share.

use std::io::IsTerminal;

use crate::journal::Outcome;

/// Whether to colour, decided once for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    pub(crate) const PLAIN: Self = Self { colour: false };

    /// Colours for a terminal, unless `NO_COLOR` is set.
    pub(crate) fn stdout() -> Self {
        Self {
            colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn outcome(self, outcome: Outcome) -> String {
        let word = word(outcome);
        match outcome {
            Outcome::Passed => self.good(word),
            Outcome::Quarantined | Outcome::Skipped => self.warn(word),
            _ => self.bad(word),
        }
    }

    /// The mark in front of a step.
    pub(crate) fn mark(self, outcome: Outcome) -> String {
        if outcome == Outcome::Passed {
            self.good("✓")
        } else {
            self.bad("✗")
        }
    }
}

pub(crate) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Quarantined => "failed in quarantine",
        Outcome::Skipped => "skipped",
        Outcome::Invalid => "invalid",
        Outcome::Environment => "environment failed",
        Outcome::Fault => "harness fault",
        Outcome::Interrupted => "interrupted",
    }
}

/// Milliseconds as people write them: `3 ms`, `1.25 s`, `18m20s`, `1h05m`.
pub(crate) fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{}.{:02} s", seconds, millis % 1000 / 10),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// `1 execution`, `2 executions`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            (3, "3 ms"),
            (1257, "1.25 s"),
            (60_000, "1m00s"),
            (1_100_000, "18m20s"),
            (3_900_000, "1h05m"),
        ];
        for (millis, text) in cases {
            assert_eq!(duration(millis), text);
        }
    }
}
