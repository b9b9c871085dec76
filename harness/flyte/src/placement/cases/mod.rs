//! Checking the rules against a table of recorded decisions (format `flyte-placement-cases/1`).
//!
//! Checked are the kinds `place`, `distribution`, `lookup`, `parse`, `startup` without a fault, and the vectors of the
//! generator and of names. The other kinds are about a running flyteadmin and are listed as not applicable.

mod check;
mod names;
mod parse;
mod table;

use serde::Serialize;

pub use table::{CaseTable, TableError};

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseResult {
    /// The case's id; for a vector its group and what it is about.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Passed, failed, or not for this check.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum Outcome {
    /// Everything expected came out.
    Passed,
    /// One line for each difference.
    Failed(Vec<String>),
    /// Why it cannot be checked here.
    NotApplicable(String),
}

impl CaseTable {
    /// Checks all vectors and cases, in file order.
    #[must_use]
    pub fn check(&self) -> Vec<CaseResult> {
        let mut results = names::check(self);
        results.extend(self.cases.iter().map(|case| CaseResult {
            id: case.id.clone(),
            title: case.title.clone(),
            outcome: check::case(self, case),
        }));
        results
    }
}
