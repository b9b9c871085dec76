//! One step as a test case.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};

use crate::journal::{Level, Outcome};
use crate::report::placement::table;
use crate::report::step::Step;
use crate::report::text::{Style, word};

/// Where a test case belongs.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) scenario: &'a str,
    pub(super) file: &'a str,
}

/// The test case. A step that did not end takes the `scenario`'s outcome and the reason for it.
pub(super) fn case(step: &Step, place: Place<'_>, index: usize, clusters: &[String], scenario: (Outcome, String)) -> TestCase {
    let at = format!("{}:{}", place.file, step.line);
    let status = match &step.end {
        Some(end) if end.outcome == Outcome::Passed => TestCaseStatus::success(),
        Some(end) if scenario.0 == Outcome::Quarantined => borne(end.message.as_deref().unwrap_or(word(end.outcome)), &at),
        Some(end) => {
            let message = end.message.as_deref().unwrap_or(word(end.outcome));
            failed(end.outcome, end.code.as_deref(), message, &at)
        }
        None if scenario.0 == Outcome::Quarantined => borne(&scenario.1, &at),
        None => failed(scenario.0, None, &scenario.1, &at),
    };
    // Two digits keep the order where a viewer sorts by name.
    let mut case = named(place, &format!("{:02}. {}", index + 1, step.title), step.line, status);
    case.set_time(Duration::from_millis(step.end.as_ref().map_or(0, |end| end.millis)));
    let notes = step.notes.iter().filter(|note| note.level != Level::Detail);
    let mut output: String = notes.map(|note| format!("{}\n", note.text)).collect();
    if !step.verdicts.is_empty() {
        output += &table(&step.verdicts, clusters, "", Style::PLAIN);
    }
    if !output.is_empty() {
        case.set_system_out(output);
    }
    case
}

/// A case with its place in the scenario's file, as GitLab and GitHub's annotators read it.
pub(super) fn named(place: Place<'_>, name: &str, line: usize, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name.to_owned(), status);
    case.set_classname(format!("multiplane.{}", place.scenario));
    case.extra.insert("file".into(), place.file.to_owned().into());
    case.extra.insert("line".into(), line.to_string().into());
    case
}

/// What failed in quarantine: skipped, since CI systems fail a build for anything else.
pub(super) fn borne(message: &str, at: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status
        .set_type("quarantine")
        .set_message(format!("failed in quarantine: {}", message.lines().next().unwrap_or_default()))
        .set_description(format!("{at}\n{message}"));
    status
}

/// What failed: a failure if the product did, an error otherwise.
pub(super) fn failed(outcome: Outcome, code: Option<&str>, message: &str, at: &str) -> TestCaseStatus {
    let kind = if outcome == Outcome::Failed {
        NonSuccessKind::Failure
    } else {
        NonSuccessKind::Error
    };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(code.unwrap_or(word(outcome)).to_owned())
        .set_message(message.lines().next().unwrap_or_default().to_owned())
        .set_description(format!("{at}\n{message}"));
    status
}
