//! One scenario on the page.

use super::axis::Axis;
use super::events::events;
use super::executions::executions;
use super::failure::failure;
use super::lanes::lanes;
use super::markup::{class, mark, text};
use super::steps::steps;
use super::world::world;
use crate::report::scenario::Scenario;
use crate::report::text::duration;

/// The scenario, folded away if it passed and is not the `only` one.
pub(super) fn section(index: usize, name: &str, scenario: &Scenario, only: bool) -> String {
    let outcome = scenario.outcome();
    let open = if only || !outcome.is_fine() { " open" } else { "" };
    let executions = executions(scenario);
    let axis = Axis::of(scenario);
    let matrix: String = scenario.matrix.iter().map(|(key, value)| format!(" · {key}={value}")).collect();
    let earlier: String = scenario
        .earlier
        .iter()
        .zip(1..)
        .map(|(why, attempt)| format!("<p class=\"dim\">attempt {attempt} failed: {}</p>\n", text(why)))
        .collect();
    // The id is inside: a browser that goes there opens what is round it.
    format!(
        "<details class=\"scenario {}\"{open}><summary><span class=\"mark\">{}</span><h2>{}</h2>\
         <span class=\"dim\">{}</span></summary>\n<div id=\"s{index}\">\n\
         <p class=\"dim\">{} · {} · seed {}{} · {} of the world's time</p>\n{earlier}{}\
         <h3>World</h3>\n{}<h3>Time</h3>\n<div class=\"time\" style=\"--grid:{}\">\n{}{}</div>\n{}</div></details>\n",
        class(outcome),
        mark(outcome),
        text(name),
        text(scenario.ending()),
        text(&scenario.file),
        text(&scenario.backend),
        scenario.seed,
        text(matrix),
        duration(scenario.virtual_millis()),
        failure(scenario),
        world(scenario, &executions),
        axis.grid(),
        lanes(scenario, &executions, axis),
        steps(scenario, axis),
        events(scenario),
    )
}
