//! The little of a shell that images' commands use: programs in a row, joined by `&&`.

use futures::FutureExt;
use futures::future::BoxFuture;

use super::{ContainerContext, ExitStatus, Program, Programs};

/// A shell's exit code for a command that it cannot find.
const NOT_FOUND: ExitStatus = ExitStatus::Exited(127);

/// `sh -c "LINE"` in an image that has a program.
///
/// The line may hold words, quotes and `&&`; each command's first word names a registered program, and the first run that
/// fails ends the line. Anything else that means something to a shell ends the container with code 127 and a log line
/// that says so.
pub(crate) struct Shell {
    programs: Programs,
    line: String,
}

impl Shell {
    /// The shell that these words start, if they do.
    pub(crate) fn from_words(programs: &Programs, command: &[String], args: &[String]) -> Option<Self> {
        let mut words = command.iter().chain(args).map(String::as_str);
        let shell = words.next()?;
        if !matches!(shell, "sh" | "/bin/sh" | "bash" | "/bin/bash") {
            return None;
        }
        let line = if words.next() == Some("-c") { words.next() } else { None };
        Some(Self {
            programs: programs.clone(),
            line: line.unwrap_or_default().to_owned(),
        })
    }
}

impl Program for Shell {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let (programs, line) = (self.programs.clone(), self.line.clone());
        async move {
            let commands = match parse(&line) {
                Ok(commands) => commands,
                Err(refused) => {
                    context
                        .log
                        .line(format!("sh: {refused}: not supported: only programs joined by && run here"));
                    return NOT_FOUND;
                }
            };
            let mut status = ExitStatus::SUCCESS;
            for command in commands {
                let Some(program) = command.first().and_then(|name| programs.for_image(name)) else {
                    context.log.line(format!("sh: {}: not found", command.join(" ")));
                    return NOT_FOUND;
                };
                status = program
                    .run(ContainerContext {
                        command,
                        args: Vec::new(),
                        ..context.clone()
                    })
                    .await;
                if !status.success() {
                    break;
                }
            }
            status
        }
        .boxed()
    }
}

/// Splits a line into commands of words, or names the first thing that is beyond us.
fn parse(line: &str) -> Result<Vec<Vec<String>>, String> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut rest = line.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some(end) if end == next => break,
                        Some(special @ ('$' | '`' | '\\')) if next == '"' => return Err(special.to_string()),
                        Some(other) => word.push(other),
                        None => return Err("unterminated quote".to_owned()),
                    }
                }
            }
            '&' if rest.next_if_eq(&'&').is_some() => {
                end_word(&mut commands, &mut word);
                commands.push(Vec::new());
            }
            special if "&|;<>()$`\\#!{}~\n".contains(special) => return Err(special.to_string()),
            blank if blank.is_whitespace() => end_word(&mut commands, &mut word),
            other => word.get_or_insert_default().push(other),
        }
    }
    end_word(&mut commands, &mut word);
    if commands.iter().any(Vec::is_empty) {
        Err("empty command".to_owned())
    } else {
        Ok(commands)
    }
}

fn end_word(commands: &mut [Vec<String>], word: &mut Option<String>) {
    if let Some(command) = commands.last_mut() {
        command.extend(word.take());
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sequences_of_programs_are_understood() {
        assert_eq!(
            parse("flyteadmin --config=/etc/*.yaml secrets init  && flyteadmin 'a b'\"c\"").unwrap(),
            [
                vec!["flyteadmin", "--config=/etc/*.yaml", "secrets", "init"],
                vec!["flyteadmin", "a bc"]
            ],
        );
    }

    #[test]
    fn the_rest_of_a_shell_is_refused_by_name() {
        for (line, refused) in [
            ("a | b", "|"),
            ("a; b", ";"),
            ("a & b", "&"),
            ("a $HOME", "$"),
            ("a \"$HOME\"", "$"),
            ("reply=$(curl x)", "$"),
            ("a > f", ">"),
            ("a 'b", "unterminated quote"),
            ("a &&", "empty command"),
            ("", "empty command"),
        ] {
            assert_eq!(parse(line).unwrap_err(), refused, "{line}");
        }
    }
}
