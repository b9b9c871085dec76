//! `sed`: the commands `s`, `p`, `d`, `q`, `a`, `i`, `c`, `=`, with addresses. Others are refused by name.

use regex::{Captures, Regex};

use super::options::Known;
use super::pattern::regex;
use super::{Call, Ended, Failure, lines_of};

/// `sed [-nErsi] [-e SCRIPT] [SCRIPT] [FILE...]`
pub(super) async fn sed(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "nErsi",
        valued: "ef",
        ..Known::default()
    })?;
    let mut operands = given.operands.clone();
    let mut script = given.values('e').collect::<Vec<_>>().join("\n");
    for file in given.values('f') {
        script.push_str(&String::from_utf8_lossy(&call.read(file).await?));
    }
    if script.is_empty() {
        if operands.is_empty() {
            return Err(Failure::Told("a script is needed".to_owned()));
        }
        script = operands.remove(0);
    }
    let commands = Reader {
        chars: script.chars().collect(),
        at: 0,
        extended: given.has('E') || given.has('r'),
    }
    .commands()?;
    let quiet = given.has('n');
    if given.has('i') {
        for file in &operands {
            let edited = edit(&commands, quiet, &call.read(file).await?);
            call.write(file, edited)?;
        }
        return Ok(0);
    }
    let edited = edit(&commands, quiet, &call.read_all(&operands).await?);
    call.print(edited).await?;
    Ok(0)
}

struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    verb: Verb,
}

enum Address {
    Line(usize),
    Last,
    Pattern(Regex),
}

enum Verb {
    Substitute {
        pattern: Regex,
        with: Vec<Piece>,
        all: bool,
        nth: usize,
        prints: bool,
    },
    Print,
    Delete,
    Quit,
    Number,
    Append(String),
    Insert(String),
    Change(String),
}

/// A piece of what is put in: a text, or a group of the match.
enum Piece {
    Text(String),
    Group(usize),
}

/// The text that commands make of a text.
fn edit(commands: &[Command], quiet: bool, text: &[u8]) -> String {
    let lines: Vec<String> = lines_of(text).collect();
    let mut within = vec![false; commands.len()];
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        let (mut line, mut kept, mut quits, mut after) = (line.clone(), true, false, String::new());
        for (command, within) in commands.iter().zip(&mut within) {
            let last = at + 1 == lines.len();
            if command.applies(&line, at + 1, last, within) == command.negated {
                continue;
            }
            match &command.verb {
                Verb::Substitute {
                    pattern,
                    with,
                    all,
                    nth,
                    prints,
                } => {
                    if let Some(changed) = substituted(pattern, with, *all, *nth, &line) {
                        line = changed;
                        if *prints {
                            out.push_str(&format!("{line}\n"));
                        }
                    }
                }
                Verb::Print => out.push_str(&format!("{line}\n")),
                Verb::Number => out.push_str(&format!("{}\n", at + 1)),
                Verb::Insert(text) => out.push_str(&format!("{text}\n")),
                Verb::Append(text) => after.push_str(&format!("{text}\n")),
                Verb::Change(text) => {
                    if !*within {
                        out.push_str(&format!("{text}\n"));
                    }
                    kept = false;
                }
                Verb::Delete => kept = false,
                Verb::Quit => quits = true,
            }
            if !kept || quits {
                break;
            }
        }
        if kept && !quiet {
            out.push_str(&line);
            // A last line without a line break stays so.
            if at + 1 < lines.len() || text.ends_with(b"\n") || !after.is_empty() {
                out.push('\n');
            }
        }
        out.push_str(&after);
        if quits {
            break;
        }
    }
    out
}

impl Command {
    fn applies(&self, line: &str, number: usize, last: bool, within: &mut bool) -> bool {
        let Some(from) = &self.from else { return true };
        let Some(to) = &self.to else { return from.is(line, number, last) };
        if *within {
            let ends = match to {
                Address::Line(end) => number >= *end,
                to => to.is(line, number, last),
            };
            *within = !ends;
            return true;
        }
        let begins = from.is(line, number, last);
        *within = begins && !matches!(to, Address::Line(end) if *end <= number) && !(last && matches!(to, Address::Last));
        begins
    }
}

impl Address {
    fn is(&self, line: &str, number: usize, last: bool) -> bool {
        match self {
            Self::Line(wanted) => *wanted == number,
            Self::Last => last,
            Self::Pattern(pattern) => pattern.is_match(line),
        }
    }
}

fn substituted(pattern: &Regex, with: &[Piece], all: bool, nth: usize, line: &str) -> Option<String> {
    let (mut out, mut end, mut changed) = (String::new(), 0, false);
    for (number, found) in pattern.captures_iter(line).enumerate() {
        let number = number + 1;
        if number < nth || (!all && number > nth) {
            continue;
        }
        let whole = found.get(0)?;
        out.push_str(&line[end..whole.start()]);
        put(with, &found, &mut out);
        end = whole.end();
        changed = true;
    }
    out.push_str(&line[end..]);
    changed.then_some(out)
}

fn put(with: &[Piece], found: &Captures<'_>, out: &mut String) {
    for piece in with {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Group(number) => out.push_str(found.get(*number).map_or("", |group| group.as_str())),
        }
    }
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
