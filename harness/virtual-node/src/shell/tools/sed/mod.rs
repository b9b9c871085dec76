//! `sed`: the commands `s`, `p`, `d`, `q`, `a`, `i`, `c`, `=`, with addresses. Others are refused by name.

mod script;

use regex::{Captures, Regex};

use super::options::Known;
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
    let commands = script::read(&script, given.has('E') || given.has('r'))?;
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
