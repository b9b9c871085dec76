//! JUnit XML (`--junit`): a test suite for each scenario, a test case for its clusters and for each step that began.
//!
//! What CI systems show differs. Jenkins groups by `classname`, GitLab and GitHub's annotators read `file` (and `line`) of a case; GitLab
//! shows only the text of a failure, others only its `message`: so both say what happened.

mod case;
mod suite;
#[cfg(test)]
mod tests;

use std::time::Duration;

use indexmap::IndexMap;
use quick_junit::Report;

use crate::journal::{Event, Record};
use suite::Suite;

/// The report for a journal. A scenario without an end is an error of type `interrupted`.
///
/// # Errors
/// If the text cannot be made; quick-junit says why.
pub fn junit(records: &[Record]) -> Result<String, quick_junit::SerializeError> {
    let mut suites: IndexMap<&str, Suite> = IndexMap::new();
    let mut version = "";
    for record in records {
        if let Event::RunStarted { version: of, .. } = &record.event {
            version = of;
        }
        if let Some(name) = &record.scenario {
            suites.entry(name).or_insert_with(|| Suite::new(version)).take(record);
        }
    }
    let mut report = Report::new("multiplane");
    report.set_time(Duration::from_millis(suites.values().map(Suite::millis).sum()));
    report.add_test_suites(suites.into_iter().map(|(name, suite)| suite.finish(name)));
    report.to_string()
}
