//! Reading scripts: POSIX' shell language.

mod ast;
mod error;
mod grammar;
mod here;
mod param;
mod quotes;
mod tokens;
mod word;

pub(crate) use ast::{AndOr, Command, Compound, Item, List, Op, Part, Pipeline, Redirect, Simple, Stream, To, When, Word, is_name};
pub(crate) use error::SyntaxError;
use here::Pending;
use tokens::Token;

/// How deep commands may lie in each other.
const DEPTH: usize = 60;

/// Which shell a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `sh`
    Posix,
    /// What bash would read otherwise is refused.
    Bash,
}

/// Reads a script, or says why it cannot be run as a whole.
pub(crate) fn parse(script: &str, dialect: Dialect) -> Result<List, SyntaxError> {
    Reader::new(script, dialect, 0).script()
}

/// A script as it is being read.
struct Reader {
    chars: Vec<char>,
    at: usize,
    dialect: Dialect,
    peeked: Option<Token>,
    /// Here-documents whose text begins with the next line.
    pending: Vec<Pending>,
    depth: usize,
}

impl Reader {
    fn new(script: &str, dialect: Dialect, depth: usize) -> Self {
        Self {
            chars: script.chars().collect(),
            at: 0,
            dialect,
            peeked: None,
            pending: Vec::new(),
            depth,
        }
    }

    /// The next character, which stays.
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// The next character, which is taken.
    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    /// Takes a text, if it is next.
    fn take(&mut self, text: &str) -> bool {
        let found = self.follows(text);
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn follows(&self, text: &str) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let mut rest = rest.iter();
        text.chars().all(|expected| rest.next() == Some(&expected))
    }

    /// Goes a step deeper; whoever calls comes back by [`Self::rise`].
    fn sink(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(SyntaxError::Unsupported(format!("more than {DEPTH} commands within each other")));
        }
        Ok(())
    }

    fn rise(&mut self) {
        self.depth -= 1;
    }
}
