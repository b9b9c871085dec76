//! Why a scenario did not pass: what was expected, what was found, and the command that shows it again.

use super::markup::{class, text};
use crate::journal::{Outcome, PlacementVerdict};
use crate::report::placement::{Row, grouped, rows};
use crate::report::scenario::Scenario;
use crate::report::step::Step;
use crate::report::text::word;

/// What is told of executions in the wrong place.
const COLUMNS: [&str; 4] = ["Expected on", "Found on", "Admin API", "Oracle"];

pub(super) fn failure(scenario: &Scenario) -> String {
    match scenario.outcome() {
        Outcome::Passed => return String::new(),
        Outcome::Skipped => return format!("<div class=\"failure\"><pre>{}</pre></div>\n", text(scenario.why())),
        _ => {}
    }
    let failed = scenario.steps.iter().filter(|(_, step)| step.is_failed());
    let mut reasons: String = failed.map(|(index, step)| step_failed(*index, step, scenario)).collect();
    if scenario.is_unexplained() {
        let open = scenario.steps.iter().find(|(_, step)| step.is_open());
        let place = open.map_or("Outside of any step".to_owned(), |(index, step)| {
            format!("In step {}: {} ({}:{})", index + 1, step.title, scenario.file, step.line)
        });
        reasons += &format!("<h4>{}</h4><pre>{}</pre>\n", text(place), text(scenario.why()));
    }
    format!(
        "<div class=\"failure {}\">\n{reasons}<p class=\"dim\">Run it again</p><pre class=\"command\">{}</pre></div>\n",
        class(scenario.outcome()),
        text(scenario.again())
    )
}

fn step_failed(index: usize, step: &Step, scenario: &Scenario) -> String {
    let Some(end) = &step.end else { return String::new() };
    let code = end.code.as_deref().unwrap_or(word(end.outcome));
    let message = end.message.as_deref().unwrap_or(word(end.outcome));
    format!(
        "<h4>Step {}: {}</h4>\n<p><span class=\"chip {}\">{}</span> <span class=\"dim\">{}:{}</span></p>\n<pre>{}</pre>\n{}",
        index + 1,
        text(&step.title),
        class(end.outcome),
        text(code),
        text(&scenario.file),
        step.line,
        text(message),
        found(&step.verdicts, &scenario.clusters)
    )
}

/// Expected and found, for what is wrong.
fn found(verdicts: &[PlacementVerdict], clusters: &[String]) -> String {
    let wrong = rows(verdicts, clusters).into_iter().filter(|row| row.is_wrong()).collect();
    let rows: String = grouped(wrong).iter().map(line).collect();
    if rows.is_empty() {
        return String::new();
    }
    let heads = COLUMNS.map(|name| format!("<th>{name}</th>")).concat();
    format!("<table class=\"found\"><thead><tr><th>Execution</th>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n")
}

fn line(row: &Row<'_>) -> String {
    let Some(first) = row.verdicts.first() else { return String::new() };
    let or = |names: Vec<&str>, none: &str| if names.is_empty() { none.to_owned() } else { names.join(", ") };
    let unnamed = if first.nowhere { "no cluster" } else { "any cluster" };
    let expected = or(first.expected.iter().map(String::as_str).collect(), unnamed);
    let seen = or(first.seen.keys().map(String::as_str).collect(), "none");
    let admin = first.admin.as_ref().map_or("does not know it".to_owned(), |admin| {
        let error = admin.error.as_ref().map_or(String::new(), |error| format!(": {error}"));
        format!("{} {}{error}", admin.cluster, admin.phase).trim().to_owned()
    });
    let oracle = first.prediction.as_ref().map_or("no prediction".to_owned(), |prediction| {
        format!(
            "{}, for {}",
            prediction.cluster.as_deref().unwrap_or("no cluster"),
            prediction.reason
        )
    });
    let cells: String = COLUMNS
        .iter()
        .zip([expected, seen, admin, oracle])
        .map(|(name, cell)| format!("<td data-name=\"{name}\">{}</td>", text(cell)))
        .collect();
    format!("<tr><th>{}</th>{cells}</tr>\n", text(row.name()))
}
