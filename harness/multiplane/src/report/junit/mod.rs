//! JUnit XML (`--junit`): a test suite for each scenario, a test case for its clusters and for each step that began.
//!
//! What CI systems show differs. Jenkins groups by `classname`, GitLab and GitHub's annotators read `file` (and `line`) of a case; GitLab
//! shows only the text of a failure, others only its `message`: so both say what happened.

mod case;
mod suite;
#[cfg(test)]
mod tests;

use std::time::Duration;

use quick_junit::Report;

use super::scenario::{Scenario, scenarios};
use crate::journal::Record;

/// The report for a journal. A scenario without an end is an error of type `interrupted`.
///
/// # Errors
/// If the text cannot be made; quick-junit says why.
pub fn junit(records: &[Record]) -> Result<String, quick_junit::SerializeError> {
    let scenarios = scenarios(records);
    let mut report = Report::new("multiplane");
    report.set_time(Duration::from_millis(scenarios.values().map(Scenario::millis).sum()));
    report.add_test_suites(scenarios.iter().map(|(name, scenario)| suite::suite(name, scenario)));
    report.to_string()
}
