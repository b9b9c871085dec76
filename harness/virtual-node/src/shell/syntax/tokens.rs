//! Words, operators and line breaks.

use super::ast::Word;
use super::{Reader, SyntaxError};

/// Longer ones first.
const OPERATORS: [&str; 22] = [
    "&>>", "<<<", "<<-", "&&", "||", ";;", "<<", "<&", "<>", "<(", ">>", ">&", ">|", ">(", "&>", "|&", "&", "|", ";", "<", ">", "(",
];
/// Operators of other shells.
const FOREIGN: [&str; 5] = ["<<<", "<>", "<(", ">(", "|&"];

#[derive(Debug, Clone)]
pub(super) enum Token {
    Word(Word),
    Operator(&'static str),
    /// The number before `<` or `>`.
    Stream(char),
    Newline,
    End,
}

impl Token {
    /// The token's text for messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Word(word) => word.known().unwrap_or_else(|| "word".to_owned()),
            Self::Operator(operator) => (*operator).to_owned(),
            Self::Stream(number) => number.to_string(),
            Self::Newline => "newline".to_owned(),
            Self::End => "end of file".to_owned(),
        }
    }

    /// Whether it is this reserved word or operator.
    pub(super) fn is(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => word.plain() == Some(text),
            Self::Operator(operator) => *operator == text,
            _ => false,
        }
    }
}

impl Reader {
    /// The next token, which stays.
    pub(super) fn token(&mut self) -> Result<&Token, SyntaxError> {
        let token = match self.peeked.take() {
            Some(token) => token,
            None => self.read_token()?,
        };
        Ok(self.peeked.insert(token))
    }

    /// The next token, which is taken.
    pub(super) fn take_token(&mut self) -> Result<Token, SyntaxError> {
        match self.peeked.take() {
            Some(token) => Ok(token),
            None => self.read_token(),
        }
    }

    /// Takes a reserved word or an operator, if it is next.
    pub(super) fn accept(&mut self, text: &str) -> Result<bool, SyntaxError> {
        let found = self.token()?.is(text);
        if found {
            self.peeked = None;
        }
        Ok(found)
    }

    fn read_token(&mut self) -> Result<Token, SyntaxError> {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.follows("\\\n") => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|next| next != '\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
        let Some(next) = self.peek() else {
            if self.pending.is_empty() {
                return Ok(Token::End);
            }
            return Err(SyntaxError::Unterminated("here-document"));
        };
        if next == '\n' {
            self.at += 1;
            self.here_documents()?;
            return Ok(Token::Newline);
        }
        if next == ')' {
            self.at += 1;
            return Ok(Token::Operator(")"));
        }
        if let Some(operator) = OPERATORS.into_iter().find(|operator| self.follows(operator)) {
            if FOREIGN.contains(&operator) {
                return Err(SyntaxError::Unsupported(operator.to_owned()));
            }
            self.at += operator.len();
            return Ok(Token::Operator(operator));
        }
        let after = self.chars.get(self.at + 1);
        if next.is_ascii_digit() && matches!(after, Some('<' | '>')) {
            self.at += 1;
            return Ok(Token::Stream(next));
        }
        self.word().map(Token::Word)
    }
}
