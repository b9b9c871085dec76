//! How a shell is called: `sh -c SCRIPT`, `sh FILE`, `sh`.

use super::Options;
use crate::shell::syntax::Dialect;

/// What a shell was called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) dialect: Dialect,
    pub(crate) options: Options,
    pub(crate) source: Source,
    /// `$0`
    pub(crate) name: String,
    pub(crate) params: Vec<String>,
}

/// Where a shell's commands come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Line(String),
    File(String),
    Stdin,
}

impl Invocation {
    /// Whether a command is a shell.
    pub(crate) fn is_shell(name: &str) -> bool {
        matches!(name.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
    }

    /// Reads a shell's command line, its name first.
    ///
    /// # Errors
    /// The option that is not known.
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let shell = words.first().map(String::as_str).unwrap_or_default();
        let dialect = if shell.ends_with("bash") { Dialect::Bash } else { Dialect::Posix };
        let (mut options, mut is_line, mut is_stdin) = (Options::default(), false, false);
        let mut rest = words.get(1..).unwrap_or_default();
        while let [option, after @ ..] = rest {
            let Some((on, letters)) = signed(option) else { break };
            rest = after;
            if let "" | "-" = letters {
                break;
            }
            for letter in letters.chars() {
                match letter {
                    'c' => is_line = true,
                    's' => is_stdin = true,
                    // A login shell reads files that images have for it; there are none here. Prompts are the terminal's affair.
                    'l' | 'i' => {}
                    'o' => {
                        let (name, after) = rest.split_first().ok_or("-o: a name is missing")?;
                        rest = after;
                        if !options.name(name, on) {
                            return Err(format!("-o {name}: not supported by this shell"));
                        }
                    }
                    letter if options.letter(letter, on) => {}
                    letter => return Err(format!("-{letter}: not supported by this shell")),
                }
            }
        }
        let mut rest = rest.iter().cloned();
        let source = match () {
            () if is_line => Source::Line(rest.next().ok_or("-c requires an argument")?),
            () if is_stdin => Source::Stdin,
            () => rest.next().map_or(Source::Stdin, Source::File),
        };
        let name = match &source {
            Source::File(path) => Some(path.clone()),
            Source::Line(_) => rest.next(),
            Source::Stdin => None,
        };
        Ok(Self {
            dialect,
            options,
            source,
            name: name.unwrap_or_else(|| shell.to_owned()),
            params: rest.collect(),
        })
    }

    /// Whether a command line is a shell that reads what it does from standard input.
    pub(crate) fn is_interactive(words: &[String]) -> bool {
        let is_shell = words.first().is_some_and(|name| Self::is_shell(name));
        is_shell && Self::read(words).is_ok_and(|invocation| invocation.source == Source::Stdin)
    }
}

/// The words of a script's first line, `#!SHELL [OPTION]`, if it is for a shell.
pub(crate) fn shebang(script: &str) -> Option<Vec<String>> {
    let line = script.lines().next()?.strip_prefix("#!")?.trim();
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    if words.first().is_some_and(|first| first.ends_with("/env")) {
        words.remove(0);
    }
    words.first().is_some_and(|name| Invocation::is_shell(name)).then_some(words)
}

/// The letters of a word of options, and whether it turns them on (`-x`) or off (`+x`); none if it is no such word.
pub(crate) fn signed(option: &str) -> Option<(bool, &str)> {
    let on = option.strip_prefix('-').map(|letters| (true, letters));
    on.or(option.strip_prefix('+').map(|letters| (false, letters)))
}

#[cfg(test)]
mod tests {
    use super::{Invocation, Source};

    fn read(line: &str) -> Result<Invocation, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Invocation::read(&words)
    }

    #[test]
    fn command_lines_of_shells() {
        let found = read("/bin/sh -euc LINE name a b").unwrap();
        assert_eq!(
            (found.source, found.name.as_str(), found.params.join(" ").as_str()),
            (Source::Line("LINE".to_owned()), "name", "a b")
        );
        assert!(found.options.errexit && found.options.nounset);
        let found = read("bash -o pipefail /run.sh a").unwrap();
        assert_eq!(
            (found.source, found.name.as_str(), found.options.pipefail),
            (Source::File("/run.sh".to_owned()), "/run.sh", true)
        );
        assert_eq!(read("sh").unwrap().source, Source::Stdin);
        assert_eq!(read("sh -s a").unwrap().params, ["a"]);
        for refused in ["sh -c", "sh -Z", "sh -o vi", "bash --posix"] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }
}
