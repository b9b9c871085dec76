//! Words outside of quotes.

use super::ast::{Part, Word};
use super::{Dialect, Reader, SyntaxError};

/// What ends a word.
pub(super) const META: &str = " \t\r\n;&|<>()";

impl Reader {
    /// The word that begins here.
    pub(super) fn word(&mut self) -> Result<Word, SyntaxError> {
        let mut word = Word::default();
        while let Some(next) = self.peek() {
            if META.contains(next) {
                break;
            }
            self.piece(next, &mut word)?;
        }
        self.refuse_foreign(&word)?;
        Ok(word)
    }

    /// One character of a word outside of quotes, or what begins with it.
    pub(super) fn piece(&mut self, next: char, word: &mut Word) -> Result<(), SyntaxError> {
        self.at += 1;
        match next {
            '\'' => self.single(word),
            '"' => self.double(word),
            '\\' => {
                match self.next() {
                    Some('\n') => {}
                    Some(escaped) => word.quoted(&escaped.to_string()),
                    None => word.quoted("\\"),
                }
                Ok(())
            }
            '$' => self.dollar(word, false),
            '`' => self.backticks(word, false),
            other => {
                word.text(other);
                Ok(())
            }
        }
    }

    /// What other shells would make something else of.
    fn refuse_foreign(&self, word: &Word) -> Result<(), SyntaxError> {
        let Some(Part::Text(first)) = word.0.first() else { return Ok(()) };
        if first.starts_with('~') {
            return Err(SyntaxError::Unsupported("~".to_owned()));
        }
        let braces = |part: &Part| matches!(part, Part::Text(text) if expands_braces(text));
        if self.dialect == Dialect::Bash && word.0.iter().any(braces) {
            return Err(SyntaxError::Unsupported("{...} as a list of words".to_owned()));
        }
        Ok(())
    }
}

/// Whether bash makes several words of a text: `{a,b}`, `{1..3}`.
fn expands_braces(text: &str) -> bool {
    let inner = text.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    inner.is_some_and(|(inner, _)| inner.contains(',') || inner.contains(".."))
}
