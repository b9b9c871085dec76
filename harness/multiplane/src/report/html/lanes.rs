//! The axis of the world's time with a lane for each cluster: when executions were first seen there, which faults befell it, and what was
//! noted there.

use indexmap::IndexMap;

use super::arrivals::{Arrival, marks};
use super::axis::Axis;
use super::executions::{Execution, Executions};
use super::markup::text;
use crate::report::scenario::Scenario;

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
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut notes: IndexMap<u64, Vec<&str>> = IndexMap::new();
    for step in scenario.steps.values() {
        for submitted in &step.submitted {
            let landed = executions
                .get(&(submitted.submit.as_str(), submitted.execution.as_str()))
                .filter(|execution| match cluster {
                    Some(cluster) => execution.clusters().any(|seen| seen == cluster),
                    None => execution.is_nowhere(),
                });
            arrivals.extend(landed.map(|execution| Arrival::of(execution, submitted.at, cluster)));
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
    let arrivals: String = marks(arrivals, axis).iter().map(|mark| mark.show(axis)).collect();
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
