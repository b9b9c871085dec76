//! The axis of the world's time with a lane for each cluster: when executions that landed there were submitted, which faults
//! befell it, and what was noted there.

use indexmap::IndexMap;

use super::axis::Axis;
use super::executions::{Execution, Executions};
use super::markup::text;
use crate::report::scenario::Scenario;
use crate::report::text::{count, duration};

pub(super) fn lanes(scenario: &Scenario, executions: &Executions<'_>, axis: Axis) -> String {
    let clusters = scenario.clusters.iter().map(|cluster| Some(cluster.as_str()));
    let missing = executions.values().any(Execution::is_nowhere).then_some(None);
    let lanes: String = clusters
        .chain(missing)
        .map(|cluster| lane(cluster, scenario, executions, axis))
        .collect();
    format!(
        "<div class=\"lane axis\"><span class=\"title\">World's time</span><span class=\"track\">{}</span></div>\n{lanes}",
        axis.labels()
    )
}

/// The lane of a cluster, or of what was seen in none.
fn lane(cluster: Option<&str>, scenario: &Scenario, executions: &Executions<'_>, axis: Axis) -> String {
    let mut arrivals: IndexMap<(u64, &str, &str), usize> = IndexMap::new();
    let mut notes: IndexMap<u64, Vec<&str>> = IndexMap::new();
    for step in scenario.steps.values() {
        for submitted in &step.submitted {
            let landed = executions
                .get(&(submitted.submit.as_str(), submitted.execution.as_str()))
                .filter(|execution| match cluster {
                    Some(cluster) => execution.clusters().any(|seen| seen == cluster),
                    None => execution.is_nowhere(),
                });
            if let Some(execution) = landed {
                *arrivals.entry((submitted.at, execution.submit, execution.class())).or_default() += 1;
            }
        }
        for note in step
            .notes
            .iter()
            .filter(|note| cluster.is_some() && note.cluster.as_deref() == cluster)
        {
            notes.entry(note.at).or_default().push(&note.text);
        }
    }
    let notes: String = notes
        .iter()
        .map(|(at, texts)| {
            format!(
                "<i class=\"tick\" style=\"left:{}\" title=\"{}\"></i>",
                axis.at(*at),
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
                axis.at(*at),
                text(title)
            )
        })
        .collect();
    format!(
        "<div class=\"lane\"><span class=\"title\">{}</span><span class=\"track\">{}{notes}{arrivals}</span></div>\n",
        text(cluster.unwrap_or("nowhere")),
        cluster.map_or(String::new(), |cluster| faults(cluster, scenario, axis)),
    )
}

/// The times in which faults were in force.
fn faults(cluster: &str, scenario: &Scenario, axis: Axis) -> String {
    let befell = scenario.faults.iter().filter(|fault| fault.befell(cluster));
    let bands = befell.map(|fault| {
        let end = fault.until.unwrap_or_else(|| axis.span());
        format!(
            "<u style=\"left:{};width:{}\" title=\"fault {}\">{}</u>",
            axis.at(fault.from),
            axis.at(end.saturating_sub(fault.from)),
            text(&fault.title),
            text(&fault.id)
        )
    });
    bands.collect()
}
