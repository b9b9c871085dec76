//! Reading a command line: lists, pipelines, words, quotes, variables, redirections.

/// Words that begin what is more than a command.
const RESERVED: [&str; 8] = ["if", "for", "while", "until", "case", "function", "select", "time"];

/// A command line: pipelines in a row.
pub(crate) type Line = Vec<Item>;

/// A pipeline and when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) when: When,
    pub(crate) pipeline: Vec<Command>,
}

/// Whether an item runs, by how the one before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// `&&`
    Success,
    /// `||`
    Failure,
}

/// One command of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) words: Vec<Word>,
    pub(crate) stdout: Option<Redirect>,
    /// `2>&1` or `2>/dev/null`.
    pub(crate) stderr: Option<Redirect>,
}

/// Where output goes instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// `> FILE`
    File(Word),
    /// `>> FILE`
    Append(Word),
    /// `2>&1`
    ToStdout,
    /// `>&2`
    ToStderr,
}

/// A word in parts; it is whole once its variables are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// `$NAME`; split at blanks where it is not quoted.
    Variable {
        name: String,
        quoted: bool,
    },
}

/// Reads a line, or names the first thing in it that is beyond this shell.
pub(crate) fn parse(line: &str) -> Result<Line, String> {
    let mut reader = Reader {
        rest: line.chars().peekable(),
        line: Vec::new(),
        item: Item {
            when: When::Always,
            pipeline: Vec::new(),
        },
        command: Command::default(),
        word: None,
        target: None,
    };
    reader.read()?;
    if reader.line.is_empty() {
        return Err("empty command".to_owned());
    }
    Ok(reader.line)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: Line,
    item: Item,
    command: Command,
    word: Option<Word>,
    /// What the word under way is the target of: the stream (1 or 2), and whether it is appended to.
    target: Option<(u8, bool)>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), String> {
        while let Some(next) = self.rest.next() {
            match next {
                '\'' => self.single()?,
                '"' => self.double()?,
                '\\' => {
                    let escaped = self.rest.next().ok_or("\\")?;
                    self.text(escaped);
                }
                '$' => {
                    let part = self.variable(false)?;
                    self.part(part);
                }
                '&' if self.rest.next_if_eq(&'&').is_some() => self.end_item(When::Success)?,
                '|' if self.rest.next_if_eq(&'|').is_some() => self.end_item(When::Failure)?,
                '|' => self.end_command()?,
                ';' | '\n' => self.end_of_list()?,
                '>' => self.redirect(1)?,
                '2' if self.word.is_none() && self.rest.peek() == Some(&'>') => {
                    self.rest.next();
                    self.redirect(2)?;
                }
                '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
                special if "&<()`#!{}~*?[".contains(special) && !self.is_plain(special) => return Err(special.to_string()),
                blank if blank.is_whitespace() => self.end_word()?,
                other => self.text(other),
            }
        }
        self.end_of_list()
    }

    /// Characters that mean something to a shell only in some places.
    fn is_plain(&self, special: char) -> bool {
        match special {
            // Patterns are the programs' own affair here; `[` is a command.
            '*' | '?' | '[' => true,
            '{' | '}' | '#' | '!' | '~' => self.word.is_some(),
            _ => false,
        }
    }

    fn single(&mut self) -> Result<(), String> {
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('\'') => break,
                Some(other) => text.push(other),
                None => return Err("unterminated quote".to_owned()),
            }
        }
        self.part(Part::Text(text));
        Ok(())
    }

    fn double(&mut self) -> Result<(), String> {
        self.part(Part::Text(String::new()));
        loop {
            match self.rest.next() {
                Some('"') => return Ok(()),
                Some('`') => return Err("`".to_owned()),
                Some('\\') => {
                    let escaped = self.rest.next().ok_or("unterminated quote")?;
                    if !"$`\"\\\n".contains(escaped) {
                        self.text('\\');
                    }
                    self.text(escaped);
                }
                Some('$') => {
                    let part = self.variable(true)?;
                    self.part(part);
                }
                Some(other) => self.text(other),
                None => return Err("unterminated quote".to_owned()),
            }
        }
    }

    /// What follows a `$`.
    fn variable(&mut self, quoted: bool) -> Result<Part, String> {
        let mut name = String::new();
        match self.rest.peek() {
            Some('?') => name.extend(self.rest.next()),
            Some('{') => {
                self.rest.next();
                while let Some(next) = self.rest.next_if(|c| is_name(*c)) {
                    name.push(next);
                }
                if self.rest.next() != Some('}') || name.is_empty() {
                    return Err("${".to_owned());
                }
            }
            Some('(') => return Err("$(".to_owned()),
            _ => {
                while let Some(next) = self.rest.next_if(|c| is_name(*c)) {
                    name.push(next);
                }
            }
        }
        Ok(if name.is_empty() {
            Part::Text("$".to_owned())
        } else {
            Part::Variable { name, quoted }
        })
    }

    fn redirect(&mut self, stream: u8) -> Result<(), String> {
        self.end_word()?;
        if self.rest.next_if_eq(&'&').is_some() {
            match (stream, self.rest.next()) {
                (2, Some('1')) => self.command.stderr = Some(Redirect::ToStdout),
                (1, Some('2')) => self.command.stdout = Some(Redirect::ToStderr),
                _ => return Err(">&".to_owned()),
            }
            return Ok(());
        }
        self.target = Some((stream, self.rest.next_if_eq(&'>').is_some()));
        Ok(())
    }

    fn text(&mut self, next: char) {
        let parts = &mut self.word.get_or_insert_default().0;
        match parts.last_mut() {
            Some(Part::Text(text)) => text.push(next),
            _ => parts.push(Part::Text(next.to_string())),
        }
    }

    fn part(&mut self, part: Part) {
        let parts = &mut self.word.get_or_insert_default().0;
        match (parts.last_mut(), part) {
            (Some(Part::Text(text)), Part::Text(more)) => text.push_str(&more),
            (_, part) => parts.push(part),
        }
    }

    fn end_word(&mut self) -> Result<(), String> {
        let Some(word) = self.word.take() else { return Ok(()) };
        match self.target.take() {
            None => self.command.words.push(word),
            Some((stream, append)) => {
                let redirect = if append { Redirect::Append(word) } else { Redirect::File(word) };
                match stream {
                    1 => self.command.stdout = Some(redirect),
                    _ => self.command.stderr = Some(redirect),
                }
            }
        }
        Ok(())
    }

    fn end_command(&mut self) -> Result<(), String> {
        self.end_word()?;
        if self.target.is_some() || self.command.words.is_empty() {
            return Err("empty command".to_owned());
        }
        if let Some([Part::Text(first)]) = self.command.words.first().map(|word| word.0.as_slice())
            && RESERVED.contains(&first.as_str())
        {
            return Err(first.clone());
        }
        self.item.pipeline.push(std::mem::take(&mut self.command));
        Ok(())
    }

    fn end_item(&mut self, then: When) -> Result<(), String> {
        self.end_command()?;
        let next = Item {
            when: then,
            pipeline: Vec::new(),
        };
        self.line.push(std::mem::replace(&mut self.item, next));
        Ok(())
    }

    /// The end of a list: an item that has only begun after `;` is none.
    fn end_of_list(&mut self) -> Result<(), String> {
        self.end_word()?;
        let nothing = self.command == Command::default() && self.item.pipeline.is_empty() && self.target.is_none();
        if nothing && self.item.when == When::Always {
            return Ok(());
        }
        self.end_item(When::Always)
    }
}

fn is_name(next: char) -> bool {
    next == '_' || next.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::{Part, parse};

    /// A line as text again, quotes gone: `when:command|command`, with `>` for redirections.
    fn shape(line: &str) -> Result<Vec<String>, String> {
        let word = |word: &super::Word| -> String {
            let part = |part: &Part| match part {
                Part::Text(text) => text.clone(),
                Part::Variable { name, quoted: true } => format!("\"{name}\""),
                Part::Variable { name, quoted: false } => format!("<{name}>"),
            };
            word.0.iter().map(part).collect()
        };
        let items = parse(line)?.into_iter().map(|item| {
            let commands: Vec<String> = item
                .pipeline
                .iter()
                .map(|command| {
                    let mut text = command.words.iter().map(word).collect::<Vec<_>>().join(",");
                    for redirect in [&command.stdout, &command.stderr].into_iter().flatten() {
                        text += &match redirect {
                            super::Redirect::File(to) => format!(">{}", word(to)),
                            super::Redirect::Append(to) => format!(">>{}", word(to)),
                            super::Redirect::ToStdout => ">&1".to_owned(),
                            super::Redirect::ToStderr => ">&2".to_owned(),
                        };
                    }
                    text
                })
                .collect();
            format!("{:?}:{}", item.when, commands.join("|"))
        });
        Ok(items.collect())
    }

    #[test]
    fn lines_are_read_as_a_shell_does() {
        for (line, expected) in [
            (
                "flyteadmin --config=/etc/*.yaml run  && flyteadmin 'a b'\"c\"",
                &["Always:flyteadmin,--config=/etc/*.yaml,run", "Success:flyteadmin,a bc"][..],
            ),
            ("a; b || c", &["Always:a", "Always:b", "Failure:c"]),
            ("a;", &["Always:a"]),
            ("a\nb # c", &["Always:a", "Always:b"]),
            ("a | b | c", &["Always:a|b|c"]),
            ("echo $A \"${B} x\" '$C' \\$D $?", &["Always:echo,<A>,\"B\" x,$C,$D,<?>"]),
            ("a > f 2>&1", &["Always:a>f>&1"]),
            ("a b >&2", &["Always:a,b>&2"]),
            ("a >>f 2>/dev/null", &["Always:a>>f>/dev/null"]),
            ("[ -f x ] && echo a=b '' 1$", &["Always:[,-f,x,]", "Success:echo,a=b,,1$"]),
        ] {
            assert_eq!(shape(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn the_rest_of_a_shell_is_refused_by_name() {
        for (line, refused) in [
            ("a & b", "&"),
            ("reply=$(curl x)", "$("),
            ("a `b`", "`"),
            ("a < f", "<"),
            ("(a)", "("),
            ("{ a; }", "{"),
            ("a 'b", "unterminated quote"),
            ("a &&", "empty command"),
            ("a || | b", "empty command"),
            ("a >", "empty command"),
            ("a ${B:-c}", "${"),
            ("for i in 1 2", "for"),
            ("", "empty command"),
        ] {
            assert_eq!(shape(line).unwrap_err(), refused, "{line}");
        }
    }
}
