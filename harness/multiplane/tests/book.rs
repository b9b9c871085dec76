//! The book in `docs/`: its commands print what it says, the files that it shows are the real ones, its links lead somewhere, and its
//! reference is the code's.
//!
//! `UPDATE_BOOK=1 cargo test -p multiplane --test book` writes the reference anew.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/process.rs"]
mod process;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use process::{Ended, finish};

/// Alone on a line: any number of lines. Within a line: any text.
const ANY: char = '…';
/// Before the exit code, as the last line of an output; without it the command ends with 0.
const EXIT: &str = "exit code ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs `multiplane` from the repository's root, whatever the environment of the test is.
fn multiplane(arguments: &[&str]) -> Ended {
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book");
    let mut command = process::multiplane(&state, arguments);
    command.env_clear().env("MULTIPLANE_STATE", &state).current_dir(root());
    finish(command.spawn().unwrap())
}

/// Names and texts of the pages.
fn pages() -> Vec<(String, String)> {
    let folder = root().join("docs");
    let names = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names
        .filter(|name| name.ends_with(".md"))
        .map(|name| (fs::read_to_string(folder.join(&name)).unwrap(), name));
    pages.map(|(text, name)| (name, text)).collect()
}

/// The fenced blocks of a page: what stands behind the fence, and the lines.
fn blocks(page: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    page.split("\n```").skip(1).step_by(2).map(|block| {
        let (info, body) = block.split_once('\n').unwrap_or((block, ""));
        (info, body.lines().collect())
    })
}

/// Whether a line is as expected.
fn line_is(actual: &str, expected: &str) -> bool {
    let mut parts = expected.trim_end().split(ANY);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = actual.trim_end().strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(last)
}

/// Whether an output is as expected.
fn output_is(actual: &[&str], expected: &[&str]) -> bool {
    match expected {
        [] => actual.is_empty(),
        [any, others @ ..] if any.trim().strip_prefix(ANY) == Some("") => {
            (0..=actual.len()).any(|skipped| output_is(&actual[skipped..], others))
        }
        [line, others @ ..] => matches!(actual, [first, rest @ ..] if line_is(first, line) && output_is(rest, others)),
    }
}

/// Runs one command, and compares.
fn check(page: &str, command: &str, expected: &[&str]) {
    let plain = command
        .strip_prefix("$ multiplane ")
        .filter(|text| !text.contains(['\'', '"', '|', '\\']));
    let arguments = plain.unwrap_or_else(|| panic!("docs/{page}: only blocks `sh`, which are not run, have commands as `{command}`"));
    let exit = expected.last().and_then(|last| last.strip_prefix(EXIT));
    let expected = &expected[..expected.len() - usize::from(exit.is_some())];
    let ended = multiplane(&arguments.split_whitespace().collect::<Vec<_>>());
    let actual: Vec<&str> = ended.text.trim_end().lines().collect();
    let right = output_is(&actual, expected) && ended.exit == exit.map_or(Some(0), |code| code.parse().ok());
    assert!(
        right,
        "docs/{page}: {command}\nis not as the page says; it ended with {:?} and printed\n{}",
        ended.exit, ended.text
    );
}

/// Runs the commands of a page, in its order, and says how many they are.
fn check_page(page: &str, text: &str) -> usize {
    let mut ran = 0;
    for (_, lines) in blocks(text).filter(|(info, _)| *info == "console") {
        for example in lines.chunk_by(|_, next| !next.starts_with("$ ")) {
            check(page, example[0], &example[1..]);
            ran += 1;
        }
    }
    ran
}

#[test]
fn commands_print_what_the_book_says() {
    // Where the reports of examples go.
    fs::create_dir_all(root().join("target")).unwrap();
    let pages = pages();
    // A page that is wrong says so; the others go on.
    let ran: usize = thread::scope(|scope| {
        let started: Vec<_> = pages.iter().map(|(page, text)| scope.spawn(|| check_page(page, text))).collect();
        started.into_iter().map(|page| page.join().unwrap()).sum()
    });
    assert!(ran > 15, "only {ran} commands are found");
}

#[test]
fn shown_files_and_links_are_real() {
    let (docs, mut shown) = (root().join("docs"), 0);
    for (name, text) in pages() {
        for (info, lines) in blocks(&text) {
            let Some(file) = info.split_whitespace().nth(1) else { continue };
            let content = fs::read_to_string(docs.join(file)).unwrap();
            assert!(content.lines().eq(lines), "docs/{name} does not show {file} as it is");
            shown += 1;
        }
        for (link, _) in text.split("](").skip(1).filter_map(|behind| behind.split_once([')', '#'])) {
            assert!(
                link.contains("://") || docs.join(link).exists(),
                "docs/{name}: {link} does not exist"
            );
        }
    }
    assert!(shown > 0);
}

/// A section with what a command prints.
fn section(page: &mut String, title: &str, arguments: &[&str]) -> String {
    let ended = multiplane(arguments);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    writeln!(page, "\n### {title}\n\n```text\n{}\n```", ended.text.trim_end()).unwrap();
    ended.text
}

#[test]
fn the_reference_is_the_codes() {
    let mut page = "# Reference\n\nWritten by a test from what the program prints: `UPDATE_BOOK=1 cargo test -p multiplane --test book`. \
                    For editors there is [scenario.schema.json](../scenarios/scenario.schema.json).\n\n## Steps\n"
        .to_owned();
    let list = section(&mut page, "multiplane explain", &["explain"]);
    for verb in list
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
    {
        section(&mut page, verb, &["explain", verb]);
    }
    page.push_str("\n## Commands\n");
    let help = section(&mut page, "multiplane", &["--help"]);
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    for line in commands.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let command = line.split_whitespace().next().unwrap();
        if command != "help" {
            section(&mut page, &format!("multiplane {command}"), &[command, "--help"]);
        }
    }
    page.push_str("\n## Rules for values\n");
    section(&mut page, "multiplane lint --rules", &["lint", "--rules"]);
    let file = root().join("docs/reference.md");
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        stored == page,
        "docs/reference.md is not what the code says: UPDATE_BOOK=1 cargo test -p multiplane --test book"
    );
}
