//! Quotes, and commands within words.

use std::sync::Arc;

use super::ast::{List, Part, Word};
use super::{Reader, SyntaxError};

impl Reader {
    /// After `'`.
    pub(super) fn single(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        let mut text = String::new();
        loop {
            match self.next() {
                Some('\'') => break,
                Some(other) => text.push(other),
                None => return Err(SyntaxError::Unterminated("quoted string")),
            }
        }
        word.quoted(&text);
        Ok(())
    }

    /// After `"`.
    pub(super) fn double(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        if self.take("\"") {
            word.quoted("");
            return Ok(());
        }
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some(next) => self.quoted_piece(next, word, "$`\"\\")?,
                None => return Err(SyntaxError::Unterminated("quoted string")),
            }
        }
    }

    /// One character within double quotes, which has been taken, or what begins with it. `escaped`: what a backslash takes the meaning of.
    pub(super) fn quoted_piece(&mut self, next: char, word: &mut Word, escaped: &str) -> Result<(), SyntaxError> {
        match next {
            '\\' => match self.peek() {
                Some('\n') => self.at += 1,
                Some(next) if escaped.contains(next) => {
                    self.at += 1;
                    word.quoted(&next.to_string());
                }
                _ => word.quoted("\\"),
            },
            '$' => self.dollar(word, true)?,
            '`' => self.backticks(word, true)?,
            other => word.quoted(&other.to_string()),
        }
        Ok(())
    }

    /// After a backtick: a command, in which backslashes go before backticks, dollars and backslashes.
    pub(super) fn backticks(&mut self, word: &mut Word, quoted: bool) -> Result<(), SyntaxError> {
        let mut text = String::new();
        loop {
            match self.next() {
                Some('`') => break,
                Some('\\') => {
                    match self.next() {
                        Some(next @ ('`' | '$' | '\\')) => text.push(next),
                        Some('"') if quoted => text.push('"'),
                        Some(other) => text.extend(['\\', other]),
                        None => return Err(SyntaxError::Unterminated("`")),
                    };
                }
                Some(other) => text.push(other),
                None => return Err(SyntaxError::Unterminated("`")),
            }
        }
        self.sink()?;
        let body = Self::new(&text, self.dialect, self.depth).script()?;
        self.rise();
        word.0.push(Part::Command {
            body: Arc::new(body),
            quoted,
        });
        Ok(())
    }

    /// After `$(`: the commands up to its `)`.
    pub(super) fn substitution(&mut self) -> Result<List, SyntaxError> {
        self.sink()?;
        let body = self.list()?;
        self.rise();
        if self.accept(")")? {
            return Ok(body);
        }
        Err(self.unexpected())
    }
}
