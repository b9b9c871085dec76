//! The top of the page: what came of the run, and its scenarios.

use std::collections::BTreeSet;

use super::executions::executions;
use super::markup::{class, mark, text};
use crate::journal::Outcome;
use crate::report::scenario::Scenario;
use crate::report::text::{count, duration, word};

type Named<'a> = (&'a str, Scenario);

const CLASSES: [Outcome; 6] = [
    Outcome::Passed,
    Outcome::Failed,
    Outcome::Environment,
    Outcome::Invalid,
    Outcome::Fault,
    Outcome::Interrupted,
];

/// The result in one line.
pub(super) fn headline(scenarios: &[Named<'_>]) -> String {
    let passed = scenarios
        .iter()
        .filter(|(_, scenario)| scenario.outcome() == Outcome::Passed)
        .count();
    match scenarios.len() {
        0 => "No scenario ran".to_owned(),
        all if all == passed => format!("{} passed", count(all, "scenario")),
        all if passed == 0 => format!("{} did not pass", count(all, "scenario")),
        all => format!("{} of {} did not pass", all - passed, count(all, "scenario")),
    }
}

pub(super) fn overview(scenarios: &[Named<'_>], exit: Option<u8>) -> String {
    let passed = scenarios.iter().all(|(_, scenario)| scenario.outcome() == Outcome::Passed);
    let tone = if passed { "ok" } else { "bad" };
    let list = if scenarios.len() > 1 { list(scenarios) } else { String::new() };
    format!(
        "<header class=\"top\">\n<p class=\"brand\">multiplane</p>\n<h1 class=\"{tone}\">{}</h1>\n<p class=\"chips\">{}</p>\n\
         <dl class=\"facts\">{}</dl>\n{list}</header>\n",
        text(headline(scenarios)),
        chips(scenarios),
        facts(scenarios, exit),
    )
}

/// How many ended in which way.
fn chips(scenarios: &[Named<'_>]) -> String {
    let number = |outcome| scenarios.iter().filter(|(_, scenario)| scenario.outcome() == outcome).count();
    CLASSES
        .into_iter()
        .map(|outcome| (outcome, number(outcome)))
        .filter(|(_, number)| *number > 0)
        .map(|(outcome, number)| {
            format!(
                "<span class=\"chip {}\">{} {number} {}</span> ",
                class(outcome),
                mark(outcome),
                word(outcome)
            )
        })
        .collect()
}

fn facts(scenarios: &[Named<'_>], exit: Option<u8>) -> String {
    let all = |of: &dyn Fn(&Scenario) -> String| {
        let values: BTreeSet<String> = scenarios.iter().map(|(_, scenario)| of(scenario)).collect();
        match values.len() {
            0..=3 => values.into_iter().collect::<Vec<_>>().join(", "),
            several => format!("{several} different ones"),
        }
    };
    let begun = scenarios.iter().filter_map(|(_, scenario)| scenario.started);
    let ends = scenarios
        .iter()
        .filter_map(|(_, scenario)| Some(scenario.started?.as_millisecond() + i64::try_from(scenario.millis()).ok()?));
    let first = begun.min();
    let took = first.zip(ends.max()).map_or(0, |(first, last)| last - first.as_millisecond());
    let world: u64 = scenarios.iter().map(|(_, scenario)| scenario.virtual_millis()).sum();
    let facts = [
        (
            "Began",
            first.map_or(String::new(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ),
        ("Took", duration(u64::try_from(took).unwrap_or_default())),
        ("World's time", duration(world)),
        ("Backend", all(&|scenario| scenario.backend.clone())),
        ("Seed", all(&|scenario| scenario.seed.to_string())),
        ("Version", all(&|scenario| scenario.version.clone())),
        ("Run", all(&|scenario| scenario.run.clone())),
        ("Exit code", exit.map_or("none: interrupted".to_owned(), |code| code.to_string())),
    ];
    facts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", text(value)))
        .collect()
}

fn list(scenarios: &[Named<'_>]) -> String {
    let row = |(index, (name, scenario)): (usize, &Named<'_>)| {
        let outcome = scenario.outcome();
        let ran = executions(scenario).len();
        let ran = if ran == 0 { String::new() } else { count(ran, "execution") };
        format!(
            "<li class=\"{}\"><span class=\"mark\">{}</span><a href=\"#s{index}\">{}</a><span class=\"dim\">{ran}</span>\
             <span class=\"num\" title=\"real time\">{}</span><span class=\"num dim\" title=\"the world&#39;s time\">{}</span></li>\n",
            class(outcome),
            mark(outcome),
            text(name),
            duration(scenario.millis()),
            duration(scenario.virtual_millis()),
        )
    };
    let rows: String = scenarios.iter().enumerate().map(row).collect();
    format!("<ol class=\"list\">\n{rows}</ol>\n")
}
