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
        Some(end) => {
            let message = end.message.as_deref().unwrap_or(word(end.outcome));
            let borne = scenario.0 == Outcome::Quarantined;
            failed(if borne { scenario.0 } else { end.outcome }, end.code.as_deref(), message, &at)
        }
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

/// What failed: a failure if the product did, an error otherwise. In quarantine it is skipped, since CI systems fail a build for anything else;
/// so is what was left out.
pub(super) fn failed(outcome: Outcome, code: Option<&str>, message: &str, at: &str) -> TestCaseStatus {
    let first = message.lines().next().unwrap_or_default();
    let code = code.unwrap_or(word(outcome));
    let (mut status, kind, shown) = match outcome {
        Outcome::Quarantined => (TestCaseStatus::skipped(), "quarantine", format!("{}: {first}", word(outcome))),
        Outcome::Skipped => (TestCaseStatus::skipped(), "unsupported", first.to_owned()),
        Outcome::Failed => (TestCaseStatus::non_success(NonSuccessKind::Failure), code, first.to_owned()),
        _ => (TestCaseStatus::non_success(NonSuccessKind::Error), code, first.to_owned()),
    };
    status
        .set_type(kind.to_owned())
        .set_message(shown)
        .set_description(format!("{at}\n{message}"));
    status
}
