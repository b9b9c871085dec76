//! What a script is once it has been read.

use std::sync::{Arc, OnceLock};

/// Commands in a row.
pub(crate) type List = Vec<Item>;

/// One of a list's commands.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) what: Arc<AndOr>,
    /// Ended by `&`: the next one does not wait for it.
    pub(crate) background: bool,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone)]
pub(crate) struct AndOr {
    pub(crate) first: Pipeline,
    pub(crate) rest: Vec<(When, Pipeline)>,
}

/// Whether a pipeline runs, by how the one before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// `&&`
    Success,
    /// `||`
    Failure,
}

/// Commands of which each reads what the one before it writes.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    pub(crate) commands: Vec<Command>,
}

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Simple(Simple),
    Compound(Compound, Vec<Redirect>),
    Function { name: String, body: Arc<Command> },
}

/// A command by its name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<(String, Word)>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirects: Vec<Redirect>,
}

#[derive(Debug, Clone)]
pub(crate) enum Compound {
    Braces(List),
    Subshell(List),
    If {
        arms: Vec<(List, List)>,
        otherwise: List,
    },
    Loop {
        until: bool,
        condition: List,
        body: List,
    },
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
}

/// Where one of a command's streams leads instead.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) stream: Stream,
    pub(crate) to: To,
}

/// A stream that can be redirected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    In,
    Out,
    Err,
    /// `&>`
    OutAndErr,
}

#[derive(Debug, Clone)]
pub(crate) enum To {
    /// `<`
    Read(Word),
    /// `>`
    Write(Word),
    /// `>>`
    Append(Word),
    /// `>&2`, `2>&1`
    Copy(Stream),
    /// `>&-`, `<&-`
    Close,
    /// `<<`; its text comes after the line that it is in.
    Here(Arc<OnceLock<Word>>),
}

/// A word in parts; it is whole once it is expanded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Word(pub(crate) Vec<Part>);

#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Outside of quotes: patterns mean something in it.
    Text(String),
    /// Within quotes.
    Quoted(String),
    Param {
        name: String,
        op: Box<Op>,
        quoted: bool,
    },
    /// `$(...)`
    Command {
        body: Arc<List>,
        quoted: bool,
    },
    /// `$((...))`
    Arithmetic {
        expression: Word,
        quoted: bool,
    },
}

/// What is done to a parameter's value. `colon`: an empty value counts as none.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Plain,
    Length,
    Default {
        colon: bool,
        word: Word,
    },
    Assign {
        colon: bool,
        word: Word,
    },
    Require {
        colon: bool,
        word: Word,
    },
    Alternative {
        colon: bool,
        word: Word,
    },
    /// `%`, `%%`, `#`, `##`
    Trim {
        end: bool,
        longest: bool,
        pattern: Word,
    },
}

impl Word {
    /// The word, if nothing in it is quoted or expanded.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The word's text, if it is known before anything runs.
    pub(crate) fn known(&self) -> Option<String> {
        let mut all = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) | Part::Quoted(text) => all.push_str(text),
                _ => return None,
            }
        }
        Some(all)
    }

    /// Appends text outside of quotes.
    pub(super) fn text(&mut self, next: char) {
        match self.0.last_mut() {
            Some(Part::Text(text)) => text.push(next),
            _ => self.0.push(Part::Text(next.to_string())),
        }
    }

    /// Appends text within quotes.
    pub(super) fn quoted(&mut self, more: &str) {
        match self.0.last_mut() {
            Some(Part::Quoted(text)) => text.push_str(more),
            _ => self.0.push(Part::Quoted(more.to_owned())),
        }
    }
}

/// Whether a text may be the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit()) && !text.is_empty() && text.chars().all(is_name_char)
}

pub(super) fn is_name_char(next: char) -> bool {
    next == '_' || next.is_ascii_alphanumeric()
}
