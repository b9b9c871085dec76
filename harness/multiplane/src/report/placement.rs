//! The table of executions and clusters.

use super::text::Style;
use crate::journal::PlacementVerdict;

/// Rows shown one by one; above that, like rows become one with a count.
const ROWS: usize = 12;

/// A cell row: execution(s), one mark a cluster, phase, reason, verdict.
#[derive(PartialEq)]
struct Row {
    executions: Vec<String>,
    marks: Vec<&'static str>,
    phase: String,
    why: String,
    passed: bool,
    faults: Vec<String>,
}

/// The table for the verdicts of one expectation, over the clusters in the scenario's order. Ends with a line break.
pub(crate) fn table(verdicts: &[PlacementVerdict], clusters: &[String], indent: &str, style: Style) -> String {
    let mut rows: Vec<Row> = verdicts.iter().map(|verdict| row(verdict, clusters)).collect();
    if rows.len() > ROWS {
        rows = grouped(rows);
    }
    let names: Vec<String> = rows.iter().map(name).collect();
    let shown: Vec<&String> = clusters.iter().collect();
    let name_width = names.iter().map(|name| name.chars().count()).chain([9]).max().unwrap_or(9);
    let phase_width = rows.iter().map(|row| row.phase.len()).chain([5]).max().unwrap_or(5);
    let why_width = rows.iter().map(|row| row.why.chars().count()).chain([3]).max().unwrap_or(3);
    let mut text = format!("{indent}{:name_width$}", "EXECUTION");
    for cluster in &shown {
        text += &format!("  {cluster}");
    }
    text += &format!("  {:phase_width$}  {:why_width$}  VERDICT\n", "PHASE", "WHY");
    text = style.dim(text.trim_end()) + "\n";
    for (row, name) in rows.iter().zip(&names) {
        text += &format!("{indent}{name:name_width$}");
        for (mark, cluster) in row.marks.iter().zip(&shown) {
            text += &format!("  {mark:^width$}", width = cluster.chars().count());
        }
        let verdict = if row.passed { style.good("ok") } else { style.bad("WRONG") };
        text += &format!("  {:phase_width$}  {:why_width$}  {verdict}\n", row.phase, row.why);
        for fault in &row.faults {
            text += &format!("{indent}  {} {fault}\n", style.bad("↳"));
        }
    }
    text
}

fn row(verdict: &PlacementVerdict, clusters: &[String]) -> Row {
    let mark = |cluster: &String| match verdict.seen.get(cluster) {
        Some(_) => "●",
        None if verdict.admin.as_ref().is_some_and(|admin| admin.cluster == *cluster) => "○",
        None => "·",
    };
    Row {
        executions: vec![verdict.execution.clone()],
        marks: clusters.iter().map(mark).collect(),
        phase: verdict.admin.as_ref().map_or("-", |admin| admin.phase.as_str()).to_owned(),
        why: verdict
            .prediction
            .as_ref()
            .map_or("-", |prediction| prediction.reason.as_str())
            .to_owned(),
        passed: verdict.passed,
        faults: verdict.faults.clone(),
    }
}

/// Joins rows that differ only in the execution; what is wrong stays on its own.
fn grouped(rows: Vec<Row>) -> Vec<Row> {
    let mut groups: Vec<Row> = Vec::new();
    for row in rows {
        let like =
            |group: &&mut Row| group.passed && row.passed && group.marks == row.marks && group.phase == row.phase && group.why == row.why;
        match groups.iter_mut().find(like) {
            Some(group) => group.executions.extend(row.executions),
            None => groups.push(row),
        }
    }
    groups
}

fn name(row: &Row) -> String {
    match row.executions.as_slice() {
        [only] => only.clone(),
        [first, .., last] => format!("{first} … {last} ({})", row.executions.len()),
        [] => String::new(),
    }
}
