//! JUnit XML (`--junit`): a test suite for the run, a test case for each scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::text::word;
use crate::journal::{Event, Outcome, Record};

/// What is known of a scenario while its records pass by.
#[derive(Default)]
struct Case {
    failures: Vec<(Outcome, Option<String>, String)>,
    titles: BTreeMap<usize, String>,
    output: String,
    result: Option<(Outcome, u64)>,
}

/// The report for a journal. A scenario without an end is an error of type `interrupted`.
///
/// # Errors
/// If the text cannot be made; quick-junit says why.
pub fn junit(records: &[Record]) -> Result<String, quick_junit::SerializeError> {
    let mut cases: Vec<(String, Case)> = Vec::new();
    for record in records {
        let Some(name) = &record.scenario else { continue };
        if !cases.iter().any(|(known, _)| known == name) {
            cases.push((name.clone(), Case::default()));
        }
        if let Some((_, case)) = cases.iter_mut().find(|(known, _)| known == name) {
            case.take(record);
        }
    }
    let mut suite = TestSuite::new("multiplane");
    suite.add_test_cases(cases.into_iter().map(|(name, case)| case.finish(&name)));
    let mut report = Report::new("multiplane");
    report.add_test_suite(suite);
    report.to_string()
}

impl Case {
    fn take(&mut self, record: &Record) {
        match &record.event {
            Event::StepStarted { title, .. } => {
                self.titles.insert(record.step.unwrap_or_default(), title.clone());
            }
            Event::StepFinished {
                outcome, code, message, ..
            } => {
                let title = self.titles.get(&record.step.unwrap_or_default()).cloned().unwrap_or_default();
                self.output += &format!("{}: {title}\n", word(*outcome));
                if let Some(message) = message {
                    self.failures.push((*outcome, code.clone(), format!("{title}: {message}")));
                }
            }
            Event::Placement(verdict) => {
                let seen: Vec<&str> = verdict.seen.keys().map(String::as_str).collect();
                let state = if verdict.passed { "ok" } else { "WRONG" };
                self.output += &format!("  {} on {}: {state}\n", verdict.execution, seen.join(", "));
            }
            Event::ScenarioFinished { outcome, millis, .. } => self.result = Some((*outcome, *millis)),
            _ => {}
        }
    }

    fn finish(self, name: &str) -> TestCase {
        let (outcome, millis) = self.result.unwrap_or((Outcome::Interrupted, 0));
        let status = if outcome == Outcome::Passed {
            TestCaseStatus::success()
        } else {
            let kind = if outcome == Outcome::Failed {
                NonSuccessKind::Failure
            } else {
                NonSuccessKind::Error
            };
            let mut status = TestCaseStatus::non_success(kind);
            let failure = self.failures.iter().find(|(of, _, _)| *of == outcome).or(self.failures.first());
            let (code, message) = failure.map_or((None, word(outcome).to_owned()), |(_, code, message)| {
                (code.clone(), message.clone())
            });
            status
                .set_type(code.unwrap_or_else(|| word(outcome).to_owned()))
                .set_message(message);
            status
        };
        let mut case = TestCase::new(name.to_owned(), status);
        case.set_classname("multiplane")
            .set_time(Duration::from_millis(millis))
            .set_system_out(self.output);
        case
    }
}
