//! `multiplane place --cases FILE`.

use std::path::Path;

use flyte::placement::cases::{CaseResult, CaseTable, Outcome, TableError};
use multiplane::exit::Exit;
use serde_json::json;

use crate::cli::exit::Failure;
use crate::cli::input::{read, refuse};
use crate::cli::output::Output;

/// Checks the table. One line for each case; the last line counts.
pub(super) fn run(path: &Path, as_json: bool, output: &mut Output) -> Result<Exit, Failure> {
    let text = read(path)?;
    let table = CaseTable::from_yaml(&text).map_err(|error| match &error {
        TableError::Yaml(error) => refuse(path, &text, error),
        other => Failure::invalid(format!("error: {}: {other}", path.display())),
    })?;
    let results = table.check();
    let count = |wanted: fn(&Outcome) -> bool| results.iter().filter(|result| wanted(&result.outcome)).count();
    let passed = count(|outcome| matches!(outcome, Outcome::Passed));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let not_applicable = count(|outcome| matches!(outcome, Outcome::NotApplicable(_)));
    if as_json {
        output.json(&json!({"results": results, "passed": passed, "failed": failed, "not_applicable": not_applicable}))?;
    } else {
        for result in &results {
            lines(result).iter().try_for_each(|line| output.line(line))?;
        }
        output.line(format!("{passed} passed, {failed} failed, {not_applicable} not applicable"))?;
    }
    Ok(if failed == 0 { Exit::Passed } else { Exit::Failed })
}

fn lines(result: &CaseResult) -> Vec<String> {
    let CaseResult { id, title, outcome } = result;
    match outcome {
        Outcome::Passed => vec![format!("passed  {id}  {title}")],
        Outcome::NotApplicable(reason) => vec![format!("n/a     {id}  {title} ({reason})")],
        Outcome::Failed(differences) => {
            let mut lines = vec![format!("FAILED  {id}  {title}")];
            lines.extend(differences.iter().map(|difference| format!("          {difference}")));
            lines
        }
    }
}
