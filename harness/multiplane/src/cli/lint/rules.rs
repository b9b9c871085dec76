//! `multiplane lint --rules`.

use flyte::lint::RULES;
use multiplane::exit::Exit;
use serde_json::{Value, json};
use yaml::Severity;

use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::table::{aligned, row};

/// The table of rules.
pub(super) fn list(as_json: bool, output: &mut Output) -> Result<Exit, Failure> {
    if as_json {
        let rules: Vec<Value> = RULES
            .iter()
            .map(|rule| json!({"code": rule.code, "severity": rule.severity, "title": rule.title, "flyte": rule.flyte}))
            .collect();
        output.json(&rules)?;
        return Ok(Exit::Passed);
    }
    let mut table = vec![row(["CODE", "SEVERITY", "FINDS"])];
    table.extend(RULES.iter().map(|rule| row([rule.code, word(rule.severity), rule.title])));
    aligned(&table, "").iter().try_for_each(|line| output.line(line))?;
    Ok(Exit::Passed)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
