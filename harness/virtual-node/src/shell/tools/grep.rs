//! `grep`

use regex::Regex;

use super::options::{Given, Known};
use super::pattern::regex;
use super::{Call, Ended, Failure, lines_of};

/// `grep [-EFHchilnoqrsvwx] [-m COUNT] [-e] PATTERN... [FILE...]`
pub(super) async fn grep(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "EFHchilnoqrRsvwx",
        valued: "em",
        long: &[
            ("quiet", 'q'),
            ("silent", 'q'),
            ("ignore-case", 'i'),
            ("invert-match", 'v'),
            ("count", 'c'),
            ("extended-regexp", 'E'),
            ("fixed-strings", 'F'),
        ],
        leading: false,
    })?;
    let mut operands = given.operands.clone();
    let mut patterns: Vec<String> = given.values('e').map(str::to_owned).collect();
    if patterns.is_empty() {
        if operands.is_empty() {
            return Err(Failure::Code(2, "a pattern is needed".to_owned()));
        }
        patterns.push(operands.remove(0));
    }
    let patterns = patterns.iter().flat_map(|pattern| pattern.split('\n'));
    let compiled: Result<Vec<Regex>, Failure> = patterns.map(|pattern| compiled(&call, &given, pattern)).collect();
    let search = Search {
        given: &given,
        patterns: compiled?,
        most: given.number('m')?.unwrap_or(usize::MAX),
    };
    let recursive = given.has('r') || given.has('R');
    let files = match recursive {
        true => below(&call, &operands),
        false if operands.is_empty() => vec!["-".to_owned()],
        false => operands,
    };
    let named = !given.has('h') && (given.has('H') || recursive || files.len() > 1);
    let (mut found, mut missing) = (false, false);
    for file in files {
        // As soon as the answer is known, nobody needs the rest.
        match search.file(&call, &file, named).await {
            Ok(matched) => found |= matched,
            Err(Failure::Told(message)) => {
                missing = true;
                if !given.has('s') {
                    call.complain(&message).await;
                }
            }
            Err(failure) => return Err(failure),
        }
        if found && given.has('q') {
            return Ok(0);
        }
    }
    Ok(if missing { 2 } else { i32::from(!found) })
}

fn compiled(call: &Call<'_>, given: &Given, pattern: &str) -> Result<Regex, Failure> {
    let extended = given.has('E') || call.name == "egrep";
    let text = regex(pattern, extended, given.has('i'));
    let text = match given.has('F') || call.name == "fgrep" {
        true => regex::RegexBuilder::new(&regex::escape(pattern))
            .case_insensitive(given.has('i'))
            .build()
            .map_err(|error| error.to_string())?,
        false => text?,
    };
    let around = match (given.has('x'), given.has('w')) {
        (true, _) => format!("^(?:{})$", text.as_str()),
        (false, true) => format!("\\b(?:{})\\b", text.as_str()),
        _ => return Ok(text),
    };
    let built = regex::RegexBuilder::new(&around).case_insensitive(given.has('i')).build();
    Ok(built.map_err(|error| error.to_string())?)
}

/// All files in folders, and files themselves.
fn below(call: &Call<'_>, operands: &[String]) -> Vec<String> {
    let here = vec![".".to_owned()];
    let roots = if operands.is_empty() { &here } else { operands };
    let mut files = Vec::new();
    for root in roots {
        let path = call.path(root);
        if !call.context.files.is_folder(&path) {
            files.push(root.clone());
            continue;
        }
        let prefix = format!("{}/", path.trim_end_matches('/'));
        for file in call.context.files.below(&prefix) {
            files.push(format!("{}/{}", root.trim_end_matches('/'), &file[prefix.len()..]));
        }
    }
    files
}

struct Search<'a> {
    given: &'a Given,
    patterns: Vec<Regex>,
    most: usize,
}

impl Search<'_> {
    /// Whether anything in a file matches; shows what does.
    async fn file(&self, call: &Call<'_>, file: &str, named: bool) -> Result<bool, Failure> {
        let shown = if file == "-" { "(standard input)" } else { file };
        let prefix = if named { format!("{shown}:") } else { String::new() };
        let silent = ['q', 'l', 'c'].into_iter().any(|letter| self.given.has(letter));
        let (mut count, mut number) = (0, 0);
        let content = if file == "-" { None } else { Some(call.read(file).await?) };
        let mut lines = content.as_deref().map(lines_of);
        while count < self.most {
            let line = match &mut lines {
                Some(lines) => lines.next(),
                // Line by line, as what comes may never end.
                None => call
                    .streams
                    .stdin
                    .line()
                    .await
                    .map(|line| String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned()),
            };
            let Some(line) = line else { break };
            number += 1;
            if self.patterns.iter().any(|pattern| pattern.is_match(&line)) == self.given.has('v') {
                continue;
            }
            count += 1;
            if silent {
                if self.given.has('q') || self.given.has('l') {
                    break;
                }
                continue;
            }
            let place = if self.given.has('n') {
                format!("{prefix}{number}:")
            } else {
                prefix.clone()
            };
            if self.given.has('o') {
                for pattern in &self.patterns {
                    for part in pattern.find_iter(&line).filter(|part| !part.is_empty()) {
                        call.line(format!("{place}{}", part.as_str())).await?;
                    }
                }
            } else {
                call.line(format!("{place}{line}")).await?;
            }
        }
        if self.given.has('c') {
            call.line(format!("{prefix}{count}")).await?;
        } else if self.given.has('l') && count > 0 {
            call.line(shown).await?;
        }
        Ok(count > 0)
    }
}
