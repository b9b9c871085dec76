//! One HTML page (`--html`) that needs nothing else: no script, no network. What a journal says is text in it, never markup.

mod arrivals;
mod axis;
mod events;
mod executions;
mod failure;
mod flow;
mod lanes;
mod markup;
mod overview;
mod section;
mod steps;
#[cfg(test)]
mod tests;
mod verdicts;
mod world;

use super::scenario::scenarios;
use crate::journal::{Event, Outcome, Record};
use markup::text;
use overview::{Run, overview};

/// What a browser may load for the page: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// What it may load for the page of a world that is up: [`LIVE`], and the page itself again.
const LIVE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'";

/// The script of the page of a world that is up, which is served beside it as `/live.js`. Without scripts, the browser loads the page again.
pub(crate) const LIVE: &str = include_str!("live.js");

const LIVE_HEAD: &str = "<script src=\"/live.js\" defer></script>\n<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>\n";

/// The page for a journal. A scenario without an end is shown as interrupted.
pub fn html(records: &[Record]) -> String {
    page(records, false)
}

/// The page for a world that is up. It follows the world.
pub(crate) fn live(records: &[Record]) -> String {
    page(records, true)
}

fn page(records: &[Record], up: bool) -> String {
    let (policy, head) = if up { (LIVE_POLICY, LIVE_HEAD) } else { (POLICY, "") };
    let mut scenarios: Vec<_> = scenarios(records).into_iter().collect();
    scenarios.iter_mut().for_each(|(_, scenario)| scenario.up = up);
    // What needs a look comes first, what was left out last; else in the order they began.
    scenarios.sort_by_key(|(_, scenario)| match scenario.outcome() {
        Outcome::Skipped => 2,
        Outcome::Passed => 1,
        _ => 0,
    });
    let run = Run {
        scenarios,
        planned: records.iter().find_map(planned).unwrap_or_default(),
        exit: records.iter().rev().find_map(exit),
        up,
    };
    let only = run.scenarios.len() == 1;
    let sections: String = run
        .scenarios
        .iter()
        .enumerate()
        .map(|(index, (name, scenario))| section::section(index, name, scenario, only))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n{head}<title>{} · multiplane</title>\n<style>\n{}</style>\n</head>\n\
         <body>\n{}<main>\n{sections}</main>\n</body>\n</html>\n",
        text(run.headline()),
        include_str!("page.css"),
        overview(&run),
    )
}

fn planned(record: &Record) -> Option<usize> {
    match record.event {
        Event::RunStarted { scenarios, .. } => Some(scenarios),
        _ => None,
    }
}

fn exit(record: &Record) -> Option<u8> {
    match record.event {
        Event::RunFinished { exit } => Some(exit),
        _ => None,
    }
}
