//! The world as clusters, with the executions that landed on each.

use indexmap::IndexMap;

use super::executions::{Execution, Executions};
use super::flow::flow;
use super::markup::{percent, text};
use crate::report::scenario::Scenario;
use crate::report::text::count;

/// Executions of one submit step that are drawn one by one; above that, as a bar.
const DOTS: usize = 60;

/// Where executions can be.
pub(super) struct Place<'a> {
    pub(super) name: &'a str,
    state: String,
    /// Ids and titles of faults that befell it.
    faults: Vec<(&'a str, &'a str)>,
    pub(super) here: Vec<&'a Execution<'a>>,
}

/// A card for each cluster, and for executions that were seen in none, with the streams of executions to them.
pub(super) fn world(scenario: &Scenario, executions: &Executions<'_>) -> String {
    let places = places(scenario, executions);
    let cards: String = places.iter().map(|place| card(place, executions.len())).collect();
    let flow = flow(&places);
    // Under streams, the cards stand in one row.
    let class = if flow.is_empty() { "world" } else { "world row" };
    format!("{flow}<div class=\"{class}\" style=\"--places:{}\">\n{cards}</div>\n", places.len())
}

fn places<'a>(scenario: &'a Scenario, executions: &'a Executions<'a>) -> Vec<Place<'a>> {
    let that = |is: &dyn Fn(&Execution) -> bool| executions.values().filter(|execution| is(execution)).collect();
    let ready = |cluster| scenario.ready.iter().find(|(name, _)| name == cluster);
    let befell = |cluster: &str| {
        let faults = scenario.faults.iter().filter(|fault| fault.befell(cluster));
        faults.map(|fault| (fault.id.as_str(), fault.title.as_str())).collect()
    };
    let mut places: Vec<Place> = scenario
        .clusters
        .iter()
        .map(|cluster| Place {
            name: cluster,
            state: ready(cluster).map_or("not ready".to_owned(), |(_, millis)| format!("ready in {millis} ms")),
            faults: befell(cluster),
            here: that(&|execution| execution.clusters().any(|seen| seen == cluster)),
        })
        .collect();
    let elsewhere = [
        ("Nowhere", "seen in no cluster", true),
        ("Not looked at", "no expectation asked where", false),
    ];
    let elsewhere = elsewhere.map(|(name, state, known)| Place {
        name,
        state: state.to_owned(),
        faults: Vec::new(),
        here: that(&|execution| execution.is_known() == known && execution.clusters().next().is_none()),
    });
    places.extend(elsewhere.into_iter().filter(|place| !place.here.is_empty()));
    places
}

fn card(place: &Place<'_>, all: usize) -> String {
    let faults = place.faults.iter();
    let faults: String = faults
        .map(|(id, title)| format!(" <span class=\"chip odd\" title=\"{}\">fault {}</span>", text(title), text(id)))
        .collect();
    let head = format!("<h4>{}</h4><p class=\"dim\">{}{faults}</p>\n", text(place.name), text(&place.state));
    let here = &place.here;
    if here.is_empty() {
        return format!("<article class=\"cluster empty\">{head}<p>No execution ran here.</p></article>\n");
    }
    let mut groups: IndexMap<&str, Vec<&Execution>> = IndexMap::new();
    for execution in here {
        groups.entry(execution.submit).or_default().push(execution);
    }
    let groups: String = groups.iter().map(|(submit, group)| self::group(submit, group)).collect();
    let items: String = here.iter().map(|execution| execution.item()).collect();
    let tone = if here.iter().any(|execution| execution.class() == "bad") {
        "bad"
    } else {
        "ok"
    };
    format!(
        "<article class=\"cluster {tone}\">{head}<p class=\"big\">{}<small> {}</small></p>\n\
         <p class=\"share\" title=\"share of all executions\"><i style=\"width:{}\"></i></p>\n{groups}\
         <details><summary>What the witnesses saw</summary><ul class=\"items\">\n{items}</ul></details>\n</article>\n",
        here.len(),
        if here.len() == 1 { "execution" } else { "executions" },
        percent(here.len() as u64, all as u64),
    )
}

/// The executions of one submit step.
fn group(submit: &str, group: &[&Execution<'_>]) -> String {
    let mut phases: IndexMap<&str, usize> = IndexMap::new();
    for execution in group {
        *phases.entry(execution.phase()).or_default() += 1;
    }
    let phases: Vec<String> = phases.iter().map(|(phase, number)| format!("{number} {phase}")).collect();
    let marks: String = if group.len() > DOTS {
        let bars = ["ok", "bad", "odd"].map(|class| {
            let number = group.iter().filter(|execution| execution.class() == class).count();
            let share = percent(number as u64, group.len() as u64);
            format!(
                "<i class=\"{class}\" style=\"width:{share}\" title=\"{}\"></i>",
                count(number, "execution")
            )
        });
        format!("<p class=\"mass\">{}</p>", bars.concat())
    } else {
        let dots: String = group
            .iter()
            .map(|execution| format!("<i class=\"{}\" title=\"{}\"></i>", execution.class(), text(execution.line())))
            .collect();
        format!("<p class=\"dots\">{dots}</p>")
    };
    format!(
        "<div class=\"group\"><p><b>{}</b> <span class=\"dim\">{}</span></p>{marks}</div>\n",
        text(submit),
        text(phases.join(", "))
    )
}
