//! Steps as bars over the world's time; each opens to what happened in it.

use super::axis::Axis;
use super::markup::{class, mark, text};
use super::verdicts::table;
use crate::journal::{Level, Outcome};
use crate::report::scenario::Scenario;
use crate::report::step::Step;
use crate::report::text::{count, duration};

pub(super) fn steps(scenario: &Scenario, axis: Axis) -> String {
    let rows: String = scenario
        .steps
        .iter()
        .map(|(index, step)| row(*index, step, scenario, axis))
        .collect();
    let reached = scenario.reached();
    let rest = if scenario.up && reached <= scenario.planned {
        // The last one that is shown looks at the world, and is none of the scenario's.
        format!(
            "<p class=\"dim\">Steps {reached} to {} are not run: the world is kept as it is before the first submit or expectation.</p>\n",
            scenario.planned
        )
    } else if reached < scenario.planned {
        format!(
            "<p class=\"dim\">Steps {} to {} were not reached.</p>\n",
            reached + 1,
            scenario.planned
        )
    } else {
        String::new()
    };
    rows + &rest
}

fn row(index: usize, step: &Step, scenario: &Scenario, axis: Axis) -> String {
    let outcome = step.end.as_ref().map_or(scenario.outcome(), |end| end.outcome);
    let (millis, world) = step
        .end
        .as_ref()
        .map_or((0, axis.span().saturating_sub(step.at)), |end| (end.millis, end.virtual_millis));
    let looks = scenario.up && step.line == 0;
    let open = if outcome == Outcome::Passed && !looks { "" } else { " open" };
    let place = if looks {
        String::new()
    } else {
        let (file, number) = (text(&scenario.file), index + 1);
        format!(
            "<p class=\"dim\">Step {number}, {file}:{}, {} of real time</p>\n",
            step.line,
            duration(millis)
        )
    };
    let time = if world == 0 { String::new() } else { duration(world) };
    format!(
        "<details class=\"step {}\"{open}><summary><span class=\"mark\">{}</span><span class=\"title\">{}{}</span>\
         <span class=\"track\"><i class=\"bar\" style=\"left:{};width:{}\"></i></span><span class=\"num\">{time}</span></summary>\n\
         <div class=\"body\">{place}{}</div></details>\n",
        class(outcome),
        mark(outcome),
        text(&step.title),
        tally(step, looks),
        axis.at(step.at),
        axis.at(world),
        body(step, scenario, !looks),
    )
}

/// How many executions the step judged, or only looks at.
fn tally(step: &Step, looks: bool) -> String {
    let wrong = step.verdicts.iter().filter(|verdict| verdict.is_wrong()).count();
    match (step.verdicts.len(), wrong) {
        (all, _) if looks => format!(" <span class=\"dim\">{}</span>", count(all, "execution")),
        (0, _) => String::new(),
        (all, 0) => format!(" <span class=\"chip ok\">{all} as expected</span>"),
        (all, wrong) => format!(" <span class=\"chip bad\">{wrong} of {all} wrong</span>"),
    }
}

fn body(step: &Step, scenario: &Scenario, judges: bool) -> String {
    let mut body = String::new();
    for note in &step.notes {
        let tone = if note.level == Level::Warning { "warn" } else { "note" };
        body += &format!("<p class=\"{tone}\">{}</p>\n", text(&note.text));
    }
    if !step.submitted.is_empty() {
        body += &format!("<p>{} submitted.</p>\n", count(step.submitted.len(), "execution"));
    }
    if let Some(watched) = step
        .verdicts
        .iter()
        .map(|verdict| verdict.watched_millis)
        .max()
        .filter(|watched| *watched > 0)
    {
        body += &format!("<p class=\"dim\">Watched for {} of the world's time.</p>\n", duration(watched));
    }
    if !step.verdicts.is_empty() {
        body += &table(&step.verdicts, &scenario.clusters, judges);
    }
    body
}
