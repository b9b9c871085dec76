//! Whether a command line can be run here as a whole: all that it names, as far as that can be told before anything runs.

use std::collections::BTreeSet;

use super::interp::{Invocation, Source};
use super::syntax::{AndOr, Command, Compound, Dialect, Item, Op, Part, Simple, To, Word, parse};
use super::{builtins, tools};
use crate::program::{Files, Programs};

/// Why a command line does not run here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("{0} is no command that it knows")]
    Command(String),
    #[error("{0}")]
    Refused(String),
}

/// Looks for what is not there.
///
/// # Errors
/// The first thing that this shell does not know.
pub(crate) fn check(words: &[String], files: &Files, programs: &Programs) -> Result<(), Unknown> {
    let mut checker = Checker {
        files,
        programs,
        functions: BTreeSet::new(),
        depth: 0,
    };
    checker.words(words)
}

/// How many scripts may start each other.
const DEPTH: usize = 20;

struct Checker<'a> {
    files: &'a Files,
    programs: &'a Programs,
    functions: BTreeSet<String>,
    depth: usize,
}

type Checked = Result<(), Unknown>;

impl Checker<'_> {
    /// A command line whose words are all known.
    fn words(&mut self, words: &[String]) -> Checked {
        let Some((name, args)) = words.split_first() else { return Ok(()) };
        if Invocation::is_shell(name) {
            let invocation = Invocation::read(words).map_err(Unknown::Refused)?;
            return match &invocation.source {
                Source::Line(line) => self.script(line, invocation.dialect),
                Source::File(path) => self.file(path, invocation.dialect),
                Source::Stdin => Ok(()),
            };
        }
        let known = self.functions.contains(name) || name == "exec" || builtins::find(name).is_some() || tools::find(name).is_some();
        if !known && self.programs.for_executable(words).is_none() {
            let dialect = if name.ends_with("bash") { Dialect::Bash } else { Dialect::Posix };
            return if name.contains('/') && self.is_script(name) {
                self.file(name, dialect)
            } else {
                Err(Unknown::Command(name.clone()))
            };
        }
        match name.as_str() {
            "eval" => self.script(&args.join(" "), Dialect::Posix),
            "trap" if args.len() > 1 && args[0] != "-" => self.script(&args[0], Dialect::Posix),
            "exec" | "command" => match args.first() {
                Some(first) if !first.starts_with('-') => self.words(args),
                _ => Ok(()),
            },
            "env" => self.words(after(args, "u", |arg| arg.contains('='))),
            "timeout" => self.words(after(args, "s", |_| false).get(1..).unwrap_or_default()),
            "xargs" => self.words(after(args, "nI", |_| false)),
            _ => Ok(()),
        }
    }

    fn is_script(&self, path: &str) -> bool {
        self.files.read(path).is_ok_and(|content| content.starts_with(b"#!"))
    }

    fn file(&mut self, path: &str, dialect: Dialect) -> Checked {
        match self.files.read_to_string(path) {
            Ok(script) => self.script(&script, dialect),
            // The image may have it, and nobody here knows what is in that.
            Err(_) => Err(Unknown::Command(path.to_owned())),
        }
    }

    fn script(&mut self, text: &str, dialect: Dialect) -> Checked {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Unknown::Refused("scripts start each other without end".to_owned()));
        }
        let list = parse(text, dialect).map_err(|error| Unknown::Refused(error.to_string()))?;
        let outer = self.functions.clone();
        functions(&list, &mut self.functions);
        self.list(&list)?;
        self.functions = outer;
        self.depth -= 1;
        Ok(())
    }

    fn list(&mut self, list: &[Item]) -> Checked {
        for item in list {
            for command in commands(&item.what) {
                self.command(command)?;
            }
        }
        Ok(())
    }

    fn command(&mut self, command: &Command) -> Checked {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Function { body, .. } => self.command(body),
            Command::Compound(compound, redirects) => {
                for redirect in redirects {
                    self.target(&redirect.to)?;
                }
                self.compound(compound)
            }
        }
    }

    fn compound(&mut self, compound: &Compound) -> Checked {
        match compound {
            Compound::For { words, .. } => words.iter().flatten().try_for_each(|word| self.word(word))?,
            Compound::Case { word, arms } => {
                self.word(word)?;
                arms.iter()
                    .flat_map(|(patterns, _)| patterns)
                    .try_for_each(|pattern| self.word(pattern))?;
            }
            _ => {}
        }
        lists(compound).into_iter().try_for_each(|list| self.list(list))
    }

    fn simple(&mut self, simple: &Simple) -> Checked {
        let assigned = simple.assignments.iter().map(|(_, word)| word);
        simple.words.iter().chain(assigned).try_for_each(|word| self.word(word))?;
        simple.redirects.iter().try_for_each(|redirect| self.target(&redirect.to))?;
        // What a variable names shows only when it runs.
        let known: Vec<String> = simple.words.iter().map_while(Word::known).collect();
        self.words(&known)
    }

    fn target(&mut self, to: &To) -> Checked {
        match to {
            To::Read(word) | To::Write(word) | To::Append(word) => self.word(word),
            To::Here(text) => text.get().map_or(Ok(()), |word| self.word(word)),
            To::Copy(_) | To::Close => Ok(()),
        }
    }

    /// The commands within a word.
    fn word(&mut self, word: &Word) -> Checked {
        word.0.iter().try_for_each(|part| match part {
            Part::Command { body, .. } => self.list(body),
            Part::Arithmetic { expression, .. } => self.word(expression),
            Part::Param { op, .. } => match &**op {
                Op::Default { word, .. } | Op::Assign { word, .. } | Op::Require { word, .. } | Op::Alternative { word, .. } => {
                    self.word(word)
                }
                Op::Trim { pattern, .. } => self.word(pattern),
                Op::Plain | Op::Length => Ok(()),
            },
            Part::Text(_) | Part::Quoted(_) => Ok(()),
        })
    }
}

/// The arguments after options, of which those of `valued` take a value, and after what else is to be passed over.
fn after<'a>(mut args: &'a [String], valued: &str, passes: impl Fn(&str) -> bool) -> &'a [String] {
    while let [first, rest @ ..] = args {
        let letters = first.strip_prefix('-');
        match letters {
            None if passes(first) => args = rest,
            None => break,
            Some(letters) => {
                let takes_next = letters.chars().count() == 1 && valued.contains(letters);
                args = if takes_next { rest.get(1..).unwrap_or_default() } else { rest };
            }
        }
    }
    args
}

fn commands(of: &AndOr) -> impl Iterator<Item = &Command> {
    let rest = of.rest.iter().map(|(_, pipeline)| pipeline);
    std::iter::once(&of.first).chain(rest).flat_map(|pipeline| &pipeline.commands)
}

/// The lists within a command.
fn lists(compound: &Compound) -> Vec<&[Item]> {
    match compound {
        Compound::Braces(body) | Compound::Subshell(body) | Compound::For { body, .. } => vec![body],
        Compound::If { arms, otherwise } => arms
            .iter()
            .flat_map(|(condition, body)| [&**condition, &**body])
            .chain([&**otherwise])
            .collect(),
        Compound::Loop { condition, body, .. } => vec![condition, body],
        Compound::Case { arms, .. } => arms.iter().map(|(_, body)| &**body).collect(),
    }
}

/// The names of all functions, wherever they come to be.
fn functions(list: &[Item], found: &mut BTreeSet<String>) {
    for command in list.iter().flat_map(|item| commands(&item.what)) {
        let mut command = command;
        while let Command::Function { name, body } = command {
            found.insert(name.clone());
            command = body;
        }
        if let Command::Compound(compound, _) = command {
            lists(compound).into_iter().for_each(|list| functions(list, found));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::program::{Files, Programs};

    fn why(words: &[&str]) -> Option<String> {
        let files = Files::default();
        files.write("/scripts/good.sh", "#!/bin/sh\necho ok").unwrap();
        files.write("/scripts/bad.sh", "#!/bin/sh\njava -jar x").unwrap();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        check(&words, &files, &Programs::new()).err().map(|unknown| unknown.to_string())
    }

    #[test]
    fn what_is_known_runs() {
        for script in [
            "until nslookup db; do sleep 2; done",
            "f() { echo in; }; f && cat <<E\n$(date)\nE",
            "$CMD a; \"$@\"",
            "exec sleep 3600",
            "timeout 5 wget -qO- http://a | grep -q b",
            "env A=1 sh -c 'echo $A' | xargs -n 1 echo",
            "trap 'echo bye; exit 0' TERM; command -v python || /scripts/good.sh",
        ] {
            assert_eq!(why(&["sh", "-c", script]), None, "{script}");
        }
        for words in [
            &["sleep", "1"][..],
            &["sh"],
            &["/bin/sh", "/scripts/good.sh"],
            &["/scripts/good.sh", "a"],
        ] {
            assert_eq!(why(words), None, "{words:?}");
        }
    }

    #[test]
    fn one_thing_that_is_not_known_is_enough() {
        for (script, name) in [
            ("echo a && python app.py", "python"),
            ("if psql; then :; fi", "psql"),
            ("x=$(jq . f)", "jq"),
            ("echo \"${A:-$(java)}\"", "java"),
            ("f() { node x; }; f", "node"),
            ("exec nginx", "nginx"),
            ("env A=1 -u B ruby", "ruby"),
            ("timeout -s KILL 5 go", "go"),
            ("ls | xargs -n 1 perl", "perl"),
            ("sh -c 'mysql'", "mysql"),
            ("trap 'redis-cli' EXIT", "redis-cli"),
            ("eval 'make all'", "make"),
            ("/scripts/bad.sh", "java"),
            ("cat <<E\n$(helm)\nE", "helm"),
            ("case $x in a) kubectl;; esac", "kubectl"),
        ] {
            assert_eq!(
                why(&["sh", "-c", script]),
                Some(format!("{name} is no command that it knows")),
                "{script}"
            );
        }
        assert_eq!(why(&["python", "app.py"]), Some("python is no command that it knows".to_owned()));
        assert_eq!(why(&["sh", "/none.sh"]), Some("/none.sh is no command that it knows".to_owned()));
        assert_eq!(why(&["sh", "-c", "[[ a ]]"]), Some("[[: not supported by this shell".to_owned()));
    }
}
