//! What follows a `$`.

use std::sync::Arc;

use super::ast::{Op, Part, Word, is_name_char};
use super::{Reader, SyntaxError};

/// Parameters of one character.
const SPECIAL: &str = "@*#?$!-";

impl Reader {
    /// After `$`.
    pub(super) fn dollar(&mut self, word: &mut Word, quoted: bool) -> Result<(), SyntaxError> {
        let part = match self.peek() {
            Some('(') if self.follows("((") => match self.arithmetic()? {
                Some(expression) => Part::Arithmetic { expression, quoted },
                None => self.command(quoted)?,
            },
            Some('(') => self.command(quoted)?,
            Some('{') => {
                self.at += 1;
                self.braces(quoted)?
            }
            Some(next @ ('\'' | '"')) if !quoted => return Err(SyntaxError::Unsupported(format!("${next}"))),
            Some('[') if !quoted => return Err(SyntaxError::Unsupported("$[".to_owned())),
            Some(next) if SPECIAL.contains(next) || next.is_ascii_digit() => {
                self.at += 1;
                plain(next.to_string(), quoted)
            }
            Some(next) if is_name_char(next) => plain(self.name(), quoted),
            _ => {
                if quoted {
                    word.quoted("$");
                } else {
                    word.text('$');
                }
                return Ok(());
            }
        };
        word.0.push(part);
        Ok(())
    }

    /// At `(`.
    fn command(&mut self, quoted: bool) -> Result<Part, SyntaxError> {
        self.at += 1;
        let body = Arc::new(self.substitution()?);
        Ok(Part::Command { body, quoted })
    }

    /// At `((`: the expression up to `))`. `None` if it ends otherwise: then it is a command in parentheses.
    fn arithmetic(&mut self) -> Result<Option<Word>, SyntaxError> {
        let began = self.at;
        self.at += 2;
        let (mut expression, mut open) = (Word::default(), 0);
        loop {
            match self.next() {
                Some(')') if open == 0 => {
                    if self.take(")") {
                        return Ok(Some(expression));
                    }
                    self.at = began;
                    return Ok(None);
                }
                Some('"') => {}
                Some(next) => {
                    match next {
                        '(' => open += 1,
                        ')' => open -= 1,
                        _ => {}
                    }
                    self.quoted_piece(next, &mut expression, "$`\"\\")?;
                }
                None => return Err(SyntaxError::Unterminated("$((")),
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(next) = self.peek().filter(|next| is_name_char(*next)) {
            self.at += 1;
            name.push(next);
        }
        name
    }

    /// After `${`.
    fn braces(&mut self, quoted: bool) -> Result<Part, SyntaxError> {
        let length = self.follows("#") && !self.follows("#}") && {
            // `${#-x}` and the like are about `$#`.
            let after = self.chars.get(self.at + 1).copied().unwrap_or('}');
            is_name_char(after) || "@*?$!".contains(after)
        };
        if length {
            self.at += 1;
        }
        let name = match self.peek() {
            Some(next) if SPECIAL.contains(next) => {
                self.at += 1;
                next.to_string()
            }
            _ => self.name(),
        };
        if self.peek().is_none() {
            return Err(SyntaxError::Unterminated("${"));
        }
        if name.is_empty() {
            let next = self.next().unwrap_or_default();
            return Err(SyntaxError::Unsupported(format!("${{{next}")));
        }
        let op = if length { Op::Length } else { self.operation(&name, quoted)? };
        match self.next() {
            Some('}') => {}
            Some(other) => return Err(SyntaxError::Unsupported(format!("${{{name}{other}"))),
            None => return Err(SyntaxError::Unterminated("${")),
        }
        Ok(Part::Param {
            name,
            op: Box::new(op),
            quoted,
        })
    }

    fn operation(&mut self, name: &str, quoted: bool) -> Result<Op, SyntaxError> {
        let colon = self.take(":");
        let Some(next) = self.peek() else {
            return Err(SyntaxError::Unterminated("${"));
        };
        if "-=?+".contains(next) {
            self.at += 1;
            let word = self.operand(quoted)?;
            return Ok(match next {
                '-' => Op::Default { colon, word },
                '=' => Op::Assign { colon, word },
                '?' => Op::Require { colon, word },
                _ => Op::Alternative { colon, word },
            });
        }
        if colon {
            return Err(SyntaxError::Unsupported(format!("${{{name}:{next}")));
        }
        if next == '%' || next == '#' {
            self.at += 1;
            let longest = self.take(&next.to_string());
            // Quotes around the whole do not quote the pattern.
            let pattern = self.operand(false)?;
            return Ok(Op::Trim {
                end: next == '%',
                longest,
                pattern,
            });
        }
        Ok(Op::Plain)
    }

    /// The word up to the closing brace, which stays.
    fn operand(&mut self, quoted: bool) -> Result<Word, SyntaxError> {
        let mut word = Word::default();
        loop {
            match self.peek() {
                Some('}') => return Ok(word),
                Some('"') => self.piece('"', &mut word)?,
                Some(next) if quoted => {
                    self.at += 1;
                    self.quoted_piece(next, &mut word, "$`\"\\}")?;
                }
                Some(next) => self.piece(next, &mut word)?,
                None => return Err(SyntaxError::Unterminated("${")),
            }
        }
    }
}

fn plain(name: String, quoted: bool) -> Part {
    let op = Box::new(Op::Plain);
    Part::Param { name, op, quoted }
}
