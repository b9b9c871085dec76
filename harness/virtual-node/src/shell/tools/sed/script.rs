//! Reading scripts of `sed`.

use super::{Address, Command, Piece, Verb};
use crate::shell::tools::Failure;
use crate::shell::tools::pattern::regex;

/// The commands of a script. `extended`: patterns are extended ones.
pub(super) fn read(script: &str, extended: bool) -> Result<Vec<Command>, Failure> {
    let chars = script.chars().collect();
    Reader { chars, at: 0, extended }.commands()
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    extended: bool,
}

impl Reader {
    fn commands(mut self) -> Result<Vec<Command>, Failure> {
        let mut commands = Vec::new();
        loop {
            while self.peek().is_some_and(|next| next.is_whitespace() || next == ';') {
                self.at += 1;
            }
            if self.peek().is_none() {
                return Ok(commands);
            }
            commands.push(self.command()?);
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn blanks(&mut self) {
        while self.take(' ') {}
    }

    fn command(&mut self) -> Result<Command, Failure> {
        let from = self.address()?;
        let to = if self.take(',') { self.address()? } else { None };
        self.blanks();
        let negated = self.take('!');
        self.blanks();
        let verb = self.peek().unwrap_or(' ');
        self.at += 1;
        let verb = match verb {
            's' => self.substitution()?,
            'p' => Verb::Print,
            'd' => Verb::Delete,
            'q' => Verb::Quit,
            '=' => Verb::Number,
            'a' => Verb::Append(self.text()),
            'i' => Verb::Insert(self.text()),
            'c' => Verb::Change(self.text()),
            other => return Err(Failure::Told(format!("unsupported command {other}"))),
        };
        self.blanks();
        match self.peek() {
            None | Some(';' | '\n') => Ok(Command { from, to, negated, verb }),
            Some(other) => Err(Failure::Told(format!("unsupported: {other} after a command"))),
        }
    }

    fn address(&mut self) -> Result<Option<Address>, Failure> {
        match self.peek() {
            Some('$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some('/') => {
                self.at += 1;
                let pattern = self.until('/')?;
                let ignores_case = self.take('I');
                Ok(Some(Address::Pattern(regex(&pattern, self.extended, ignores_case)?)))
            }
            Some(digit) if digit.is_ascii_digit() => {
                let number: String = self.chars[self.at..].iter().take_while(|next| next.is_ascii_digit()).collect();
                self.at += number.len();
                Ok(Some(Address::Line(
                    number.parse().map_err(|_| format!("bad line number {number}"))?,
                )))
            }
            _ => Ok(None),
        }
    }

    /// The text up to a delimiter, which it may hold after a backslash or within brackets.
    fn until(&mut self, delimiter: char) -> Result<String, Failure> {
        let mut text = String::new();
        loop {
            let Some(next) = self.peek() else {
                return Err(Failure::Told("unterminated pattern".to_owned()));
            };
            self.at += 1;
            match next {
                next if next == delimiter => return Ok(text),
                '\\' if self.peek() == Some(delimiter) => {
                    self.at += 1;
                    text.push(delimiter);
                }
                '\\' => {
                    text.push('\\');
                    text.extend(self.peek());
                    self.at += 1;
                }
                other => text.push(other),
            }
        }
    }

    fn substitution(&mut self) -> Result<Verb, Failure> {
        let delimiter = self.peek().ok_or_else(|| "unterminated s".to_owned())?;
        self.at += 1;
        let (pattern, with) = (self.until(delimiter)?, self.until(delimiter)?);
        let (mut all, mut nth, mut prints, mut ignores_case) = (false, 1, false, false);
        while let Some(flag) = self.peek() {
            match flag {
                'g' => all = true,
                'p' => prints = true,
                'i' | 'I' => ignores_case = true,
                digit if digit.is_ascii_digit() && digit != '0' => nth = digit.to_digit(10).unwrap_or(1) as usize,
                _ => break,
            }
            self.at += 1;
        }
        let pattern = regex(&pattern, self.extended, ignores_case)?;
        Ok(Verb::Substitute {
            pattern,
            with: pieces(&with),
            all,
            nth,
            prints,
        })
    }

    /// The text after `a`, `i` or `c`.
    fn text(&mut self) -> String {
        self.blanks();
        if self.take('\\') {
            let _ = self.take('\n');
            self.blanks();
        }
        let mut text = String::new();
        while let Some(next) = self.peek().filter(|next| *next != '\n') {
            self.at += 1;
            text.push(next);
        }
        text
    }
}

/// What is put in: `&` and `\1` are of the match.
fn pieces(with: &str) -> Vec<Piece> {
    let (mut pieces, mut text, mut rest) = (Vec::new(), String::new(), with.chars());
    while let Some(next) = rest.next() {
        let group = match next {
            '&' => Some(0),
            '\\' => match rest.next() {
                Some(digit) if digit.is_ascii_digit() => digit.to_digit(10).map(|digit| digit as usize),
                Some('n') => {
                    text.push('\n');
                    None
                }
                Some('t') => {
                    text.push('\t');
                    None
                }
                other => {
                    text.extend(other);
                    None
                }
            },
            other => {
                text.push(other);
                None
            }
        };
        if let Some(group) = group {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Group(group));
        }
    }
    pieces.push(Piece::Text(text));
    pieces
}
