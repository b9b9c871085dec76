//! Here-documents.

use std::sync::{Arc, OnceLock};

use super::ast::{To, Word};
use super::{Reader, SyntaxError};

/// A here-document that begins after the present line.
pub(super) struct Pending {
    delimiter: String,
    /// `<<-`: tabs at the beginning of lines are no part of it.
    strips: bool,
    /// Nothing in it is expanded.
    literal: bool,
    text: Arc<OnceLock<Word>>,
}

impl Reader {
    /// After `<<` and the word that ends the document.
    pub(super) fn here(&mut self, delimiter: &Word, strips: bool) -> Result<To, SyntaxError> {
        let text = Arc::new(OnceLock::new());
        self.pending.push(Pending {
            delimiter: delimiter
                .known()
                .ok_or_else(|| SyntaxError::Unsupported("<< with a variable".to_owned()))?,
            strips,
            literal: delimiter.plain().is_none(),
            text: text.clone(),
        });
        Ok(To::Here(text))
    }

    /// At the beginning of a line: the texts of those that wait.
    pub(super) fn here_documents(&mut self) -> Result<(), SyntaxError> {
        for pending in std::mem::take(&mut self.pending) {
            let text = self.lines_until(&pending)?;
            let mut word = Word::default();
            if pending.literal {
                word.quoted(&text);
            } else {
                let mut reader = Self::new(&text, self.dialect, self.depth);
                while let Some(next) = reader.next() {
                    reader.quoted_piece(next, &mut word, "$`\\")?;
                }
            }
            // It is set here alone.
            let _ = pending.text.set(word);
        }
        Ok(())
    }

    fn lines_until(&mut self, pending: &Pending) -> Result<String, SyntaxError> {
        let mut text = String::new();
        loop {
            if self.peek().is_none() {
                return Err(SyntaxError::Unterminated("here-document"));
            }
            let mut line = String::new();
            while let Some(next) = self.next().filter(|next| *next != '\n') {
                line.push(next);
            }
            let line = if pending.strips { line.trim_start_matches('\t') } else { &line };
            if line == pending.delimiter {
                return Ok(text);
            }
            text.push_str(line);
            text.push('\n');
        }
    }
}
