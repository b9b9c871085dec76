//! The top of the page: what came of the run, and its scenarios.

use std::collections::BTreeSet;

use super::executions::executions;
use super::markup::{class, mark, text};
use crate::exit::Exit;
use crate::journal::Outcome;
use crate::report::scenario::Scenario;
use crate::report::text::{count, duration, word};

type Named<'a> = (&'a str, Scenario);

const CLASSES: [Outcome; 8] = [
    Outcome::Passed,
    Outcome::Failed,
    Outcome::Quarantined,
    Outcome::Skipped,
    Outcome::Environment,
    Outcome::Invalid,
    Outcome::Fault,
    Outcome::Interrupted,
];

/// A run as a whole.
pub(super) struct Run<'a> {
    /// Those that began, by name.
    pub(super) scenarios: Vec<Named<'a>>,
    /// How many should have.
    pub(super) planned: usize,
    /// The process's exit code; `None`: interrupted.
    pub(super) exit: Option<u8>,
    /// It is a world that is up, and has no result.
    pub(super) up: bool,
}

impl Run<'_> {
    /// The result in one line.
    pub(super) fn headline(&self) -> String {
        if self.up {
            let names: Vec<&str> = self.scenarios.iter().map(|(name, _)| *name).collect();
            return format!("{} is up", names.join(", "));
        }
        let passed = self.number(Outcome::Passed);
        match self.scenarios.len() + self.never() - self.number(Outcome::Skipped) {
            0 => "No scenario ran".to_owned(),
            all if all == passed => format!("{} passed", count(all, "scenario")),
            all if passed == 0 => format!("{} did not pass", count(all, "scenario")),
            all => format!("{} of {} did not pass", all - passed, count(all, "scenario")),
        }
    }

    fn number(&self, outcome: Outcome) -> usize {
        self.scenarios.iter().filter(|(_, scenario)| scenario.outcome() == outcome).count()
    }

    /// Scenarios that never began.
    fn never(&self) -> usize {
        self.planned.saturating_sub(self.scenarios.len())
    }
}

pub(super) fn overview(run: &Run<'_>) -> String {
    let tone = if run.exit == Some(0) || run.up { "ok" } else { "bad" };
    let list = if run.scenarios.len() > 1 {
        list(&run.scenarios)
    } else {
        String::new()
    };
    format!(
        "<header class=\"top\">\n<p class=\"brand\">multiplane</p>\n<h1 class=\"{tone}\">{}</h1>\n<p class=\"chips\">{}</p>\n\
         <dl class=\"facts\">{}</dl>\n{list}</header>\n",
        text(run.headline()),
        chips(run),
        facts(run),
    )
}

/// How many ended in which way, and what is wrong with the run as a whole.
fn chips(run: &Run<'_>) -> String {
    if run.up {
        return String::new();
    }
    let chip = |class: &str, mark: &str, words: String| format!("<span class=\"chip {class}\">{mark} {words}</span> ");
    let mut chips: String = CLASSES
        .into_iter()
        .map(|outcome| (outcome, run.number(outcome)))
        .filter(|(_, number)| *number > 0)
        .map(|(outcome, number)| chip(class(outcome), mark(outcome), format!("{number} {}", word(outcome))))
        .collect();
    if run.never() > 0 {
        chips += &chip("odd", "!", format!("{} never began", run.never()));
    }
    let all_passed = run.never() == 0 && run.number(Outcome::Passed) + run.number(Outcome::Skipped) == run.scenarios.len();
    let about = match run.exit.map(Exit::from_code) {
        Some(Exit::Environment) => "the environment failed, or a part is missing",
        Some(Exit::CleanUp) => "clean-up incomplete",
        Some(Exit::Passed) => "",
        _ => "the run did not end well",
    };
    if all_passed && !about.is_empty() {
        chips += &chip("odd", "!", about.to_owned());
    }
    chips
}

fn facts(run: &Run<'_>) -> String {
    let scenarios = &run.scenarios;
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
        (
            if run.up { "Up for" } else { "Took" },
            duration(u64::try_from(took).unwrap_or_default()),
        ),
        ("World's time", duration(world)),
        ("Backend", all(&|scenario| scenario.backend.clone())),
        ("Seed", all(&|scenario| scenario.seed.to_string())),
        ("Version", all(&|scenario| scenario.version.clone())),
        ("Run", all(&|scenario| scenario.run.clone())),
        (
            "Exit code",
            match run.exit {
                _ if run.up => String::new(),
                Some(code) => code.to_string(),
                None => "none: interrupted".to_owned(),
            },
        ),
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
