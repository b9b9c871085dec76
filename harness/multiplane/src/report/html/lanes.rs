//! The axis of the world's time with a lane for each cluster: when executions that landed there were submitted, and what was noted there.

use indexmap::IndexMap;

use super::executions::Executions;
use super::markup::{percent, text};
use crate::report::scenario::Scenario;
use crate::report::text::{count, duration};

/// Labels on the axis.
const PARTS: u64 = 4;

/// The end of the axis: when the scenario ended, or its last step began.
pub(super) fn span(scenario: &Scenario) -> u64 {
    let last = scenario
        .steps
        .values()
        .map(|step| step.at + step.end.as_ref().map_or(0, |end| end.virtual_millis));
    last.chain([scenario.virtual_millis()]).max().unwrap_or_default()
}

pub(super) fn lanes(scenario: &Scenario, executions: &Executions<'_>, span: u64) -> String {
    let labels: String = (0..=PARTS)
        .map(|part| {
            let at = span * part / PARTS;
            format!(
                "<i style=\"left:{}\">{}</i>",
                percent(at, span),
                if at == 0 { "0".to_owned() } else { duration(at) }
            )
        })
        .collect();
    let lanes: String = scenario
        .clusters
        .iter()
        .map(|cluster| lane(cluster, scenario, executions, span))
        .collect();
    format!("<div class=\"lane axis\"><span class=\"title\">World's time</span><span class=\"track\">{labels}</span></div>\n{lanes}")
}

fn lane(cluster: &str, scenario: &Scenario, executions: &Executions<'_>, span: u64) -> String {
    let mut arrivals: IndexMap<(u64, &str, &str), usize> = IndexMap::new();
    let mut notes: IndexMap<u64, Vec<&str>> = IndexMap::new();
    for step in scenario.steps.values() {
        for submitted in &step.submitted {
            let landed = executions
                .get(&(submitted.submit.as_str(), submitted.execution.as_str()))
                .filter(|execution| execution.clusters().any(|seen| seen == cluster));
            if let Some(execution) = landed {
                *arrivals.entry((submitted.at, execution.submit, execution.class())).or_default() += 1;
            }
        }
        for note in step.notes.iter().filter(|note| note.cluster.as_deref() == Some(cluster)) {
            notes.entry(note.at).or_default().push(&note.text);
        }
    }
    let notes: String = notes
        .iter()
        .map(|(at, texts)| {
            format!(
                "<i class=\"tick\" style=\"left:{}\" title=\"{}\"></i>",
                percent(*at, span),
                text(texts.join("\n"))
            )
        })
        .collect();
    let arrivals: String = arrivals
        .iter()
        .map(|((at, submit, class), number)| {
            let title = format!("{submit}: {} submitted at +{}", count(*number, "execution"), duration(*at));
            format!(
                "<b class=\"{class}\" style=\"left:{}\" title=\"{}\">{number}</b>",
                percent(*at, span),
                text(title)
            )
        })
        .collect();
    format!(
        "<div class=\"lane\"><span class=\"title\">{}</span><span class=\"track\">{notes}{arrivals}</span></div>\n",
        text(cluster)
    )
}
