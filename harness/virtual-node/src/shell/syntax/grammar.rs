//! Lists, pipelines and commands.

use std::sync::Arc;

use super::ast::{AndOr, Command, Compound, Item, List, Pipeline, Redirect, Simple, Stream, To, When, Word, is_name};
use super::tokens::Token;
use super::{Reader, SyntaxError};

/// Words that end what they stand in.
const CLOSING: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];
/// What other shells have.
const FOREIGN: [&str; 7] = ["[[", "function", "select", "coproc", "time", "declare", "typeset"];

impl Reader {
    /// All there is.
    pub(super) fn script(&mut self) -> Result<List, SyntaxError> {
        let list = self.list()?;
        match self.token()? {
            Token::End => Ok(list),
            _ => Err(self.unexpected()),
        }
    }

    /// Why the next token cannot stand here.
    pub(super) fn unexpected(&mut self) -> SyntaxError {
        match self.token() {
            Ok(Token::End) => SyntaxError::Unterminated("command"),
            Ok(token) => SyntaxError::Unexpected(token.name()),
            Err(error) => error,
        }
    }

    fn expect(&mut self, text: &str) -> Result<(), SyntaxError> {
        if self.accept(text)? { Ok(()) } else { Err(self.unexpected()) }
    }

    fn line_breaks(&mut self) -> Result<(), SyntaxError> {
        while matches!(self.token()?, Token::Newline) {
            self.peeked = None;
        }
        Ok(())
    }

    /// Commands up to whatever cannot begin one.
    pub(super) fn list(&mut self) -> Result<List, SyntaxError> {
        let mut list = List::new();
        loop {
            self.line_breaks()?;
            let token = self.token()?;
            let ends = match token {
                Token::End => true,
                Token::Operator(operator) => matches!(*operator, ")" | ";;"),
                token => CLOSING.iter().any(|word| token.is(word)),
            };
            if ends {
                return Ok(list);
            }
            let what = Arc::new(self.and_or()?);
            let background = self.accept("&")?;
            let separated = background || self.accept(";")? || matches!(self.token()?, Token::Newline);
            list.push(Item { what, background });
            if !separated {
                return Ok(list);
            }
        }
    }

    /// A list that is not empty.
    fn commands(&mut self) -> Result<List, SyntaxError> {
        let list = self.list()?;
        if list.is_empty() { Err(self.unexpected()) } else { Ok(list) }
    }

    fn and_or(&mut self) -> Result<AndOr, SyntaxError> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let when = match () {
                () if self.accept("&&")? => When::Success,
                () if self.accept("||")? => When::Failure,
                () => return Ok(AndOr { first, rest }),
            };
            self.line_breaks()?;
            rest.push((when, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let negated = self.accept("!")?;
        let mut commands = vec![self.one()?];
        while self.accept("|")? {
            self.line_breaks()?;
            commands.push(self.one()?);
        }
        Ok(Pipeline { negated, commands })
    }

    fn one(&mut self) -> Result<Command, SyntaxError> {
        self.sink()?;
        let command = match self.compound()? {
            Some(compound) => {
                let mut redirects = Vec::new();
                while let Some(redirect) = self.redirect()? {
                    redirects.push(redirect);
                }
                Command::Compound(compound, redirects)
            }
            None => self.simple()?,
        };
        self.rise();
        Ok(command)
    }

    fn compound(&mut self) -> Result<Option<Compound>, SyntaxError> {
        let token = self.token()?.clone();
        if let Some(foreign) = FOREIGN.iter().find(|word| token.is(word)) {
            return Err(SyntaxError::Unsupported((*foreign).to_owned()));
        }
        let beginning = ["{", "(", "if", "while", "until", "for", "case"]
            .into_iter()
            .find(|word| token.is(word));
        let Some(beginning) = beginning else { return Ok(None) };
        self.peeked = None;
        Ok(Some(match beginning {
            "{" => {
                let body = self.commands()?;
                self.expect("}")?;
                Compound::Braces(body)
            }
            "(" if self.follows("(") => return Err(SyntaxError::Unsupported("((".to_owned())),
            "(" => {
                let body = self.commands()?;
                self.expect(")")?;
                Compound::Subshell(body)
            }
            "if" => self.branches()?,
            "for" => self.each()?,
            "case" => self.case()?,
            until => {
                let condition = self.commands()?;
                let body = self.body()?;
                let until = until == "until";
                Compound::Loop { until, condition, body }
            }
        }))
    }

    fn branches(&mut self) -> Result<Compound, SyntaxError> {
        let (mut arms, mut otherwise) = (Vec::new(), List::new());
        loop {
            let condition = self.commands()?;
            self.expect("then")?;
            arms.push((condition, self.commands()?));
            if self.accept("elif")? {
                continue;
            }
            if self.accept("else")? {
                otherwise = self.commands()?;
            }
            self.expect("fi")?;
            return Ok(Compound::If { arms, otherwise });
        }
    }

    /// `do ... done`
    fn body(&mut self) -> Result<List, SyntaxError> {
        self.expect("do")?;
        let body = self.commands()?;
        self.expect("done")?;
        Ok(body)
    }

    fn each(&mut self) -> Result<Compound, SyntaxError> {
        if self.token()?.is("(") {
            return Err(SyntaxError::Unsupported("for ((".to_owned()));
        }
        let name = match self.take_token()? {
            Token::Word(word) if word.plain().is_some_and(is_name) => word.plain().unwrap_or_default().to_owned(),
            other => return Err(SyntaxError::Unexpected(other.name())),
        };
        self.line_breaks()?;
        let words = if self.accept("in")? { Some(self.words()?) } else { None };
        // One `;` or line break may end the head.
        let _ = self.accept(";")?;
        self.line_breaks()?;
        let body = self.body()?;
        Ok(Compound::For { name, words, body })
    }

    fn words(&mut self) -> Result<Vec<Word>, SyntaxError> {
        let mut words = Vec::new();
        while let Token::Word(word) = self.token()? {
            words.push(word.clone());
            self.peeked = None;
        }
        Ok(words)
    }

    fn case(&mut self) -> Result<Compound, SyntaxError> {
        let Token::Word(word) = self.take_token()? else {
            return Err(self.unexpected());
        };
        self.line_breaks()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.line_breaks()?;
            if self.accept("esac")? {
                return Ok(Compound::Case { word, arms });
            }
            let _ = self.accept("(")?;
            let mut patterns = Vec::new();
            loop {
                match self.take_token()? {
                    Token::Word(pattern) => patterns.push(pattern),
                    Token::End => return Err(SyntaxError::Unterminated("case")),
                    other => return Err(SyntaxError::Unexpected(other.name())),
                }
                if !self.accept("|")? {
                    break;
                }
            }
            self.expect(")")?;
            let body = self.list()?;
            arms.push((patterns, body));
            if !self.accept(";;")? {
                self.line_breaks()?;
                self.expect("esac")?;
                return Ok(Compound::Case { word, arms });
            }
        }
    }

    fn simple(&mut self) -> Result<Command, SyntaxError> {
        let mut simple = Simple::default();
        loop {
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            let word = match self.token()? {
                Token::Word(word) => word.clone(),
                Token::Operator("(") if simple.redirects.is_empty() && simple.assignments.is_empty() => return self.function(&simple),
                Token::Operator("(") if simple.words.is_empty() => {
                    let name = simple.assignments.last().map_or("", |(name, _)| name);
                    return Err(SyntaxError::Unsupported(format!("{name}=(")));
                }
                _ => break,
            };
            self.peeked = None;
            match assignment(&word) {
                Some(assignment) if simple.words.is_empty() => simple.assignments.push(assignment?),
                _ => simple.words.push(word),
            }
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command::Simple(simple))
    }

    /// At the `(` after a name.
    fn function(&mut self, simple: &Simple) -> Result<Command, SyntaxError> {
        let [name] = simple.words.as_slice() else {
            return Err(self.unexpected());
        };
        let Some(name) = name.plain().map(str::to_owned) else {
            return Err(self.unexpected());
        };
        self.peeked = None;
        self.expect(")")?;
        self.line_breaks()?;
        let body = Arc::new(self.one()?);
        match &*body {
            Command::Compound(..) => Ok(Command::Function { name, body }),
            _ => Err(SyntaxError::Unexpected("command".to_owned())),
        }
    }

    /// A redirection, if one is next.
    fn redirect(&mut self) -> Result<Option<Redirect>, SyntaxError> {
        let number = match self.token()? {
            Token::Stream(number) => Some(*number),
            _ => None,
        };
        if number.is_some() {
            self.peeked = None;
        }
        let operator = match self.token()? {
            Token::Operator(operator @ ("<" | ">" | ">>" | ">|" | "<<" | "<<-" | "<&" | ">&" | "&>" | "&>>")) => *operator,
            _ => return Ok(None),
        };
        self.peeked = None;
        let stream = match number {
            None if operator.starts_with('<') => Stream::In,
            None if operator.starts_with('&') => Stream::OutAndErr,
            None => Stream::Out,
            Some(number) => stream(&number.to_string(), operator)?,
        };
        let Token::Word(word) = self.take_token()? else {
            return Err(SyntaxError::Unexpected("redirection".to_owned()));
        };
        let to = match operator {
            "<" => To::Read(word),
            ">" | ">|" | "&>" => To::Write(word),
            ">>" | "&>>" => To::Append(word),
            "<<" | "<<-" => self.here(&word, operator == "<<-")?,
            _ => match word.known() {
                Some(closed) if closed == "-" => To::Close,
                Some(number) => To::Copy(self::stream(&number, operator)?),
                None => return Err(SyntaxError::Unsupported(format!("{operator} with a variable"))),
            },
        };
        Ok(Some(Redirect { stream, to }))
    }
}

/// The stream of a number.
fn stream(number: &str, operator: &str) -> Result<Stream, SyntaxError> {
    match number {
        "0" => Ok(Stream::In),
        "1" => Ok(Stream::Out),
        "2" => Ok(Stream::Err),
        other if operator.ends_with('&') => Err(SyntaxError::Unsupported(format!("{operator}{other}"))),
        other => Err(SyntaxError::Unsupported(format!("{other}{operator}"))),
    }
}

/// `NAME=VALUE`; lists of other shells are refused.
fn assignment(word: &Word) -> Option<Result<(String, Word), SyntaxError>> {
    let (super::Part::Text(first), rest) = word.0.split_first()? else {
        return None;
    };
    let (name, value) = first.split_once('=')?;
    if !is_name(name) {
        let foreign = name.strip_suffix('+').is_some_and(is_name) || name.split_once('[').is_some_and(|(name, _)| is_name(name));
        return foreign.then(|| Err(SyntaxError::Unsupported(format!("{name}="))));
    }
    let mut parts = Vec::new();
    if !value.is_empty() {
        parts.push(super::Part::Text(value.to_owned()));
    }
    parts.extend(rest.iter().cloned());
    Some(Ok((name.to_owned(), Word(parts))))
}
