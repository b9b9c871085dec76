//! What happened in all clusters, on one axis of time.

use super::markup::text;
use crate::journal::Level;
use crate::report::scenario::Scenario;
use crate::report::step::{Note, Step};
use crate::report::text::{count, duration, word};

/// Something that happened.
struct Happened<'a> {
    at: u64,
    cluster: &'a str,
    tone: &'static str,
    text: String,
}

/// The list of all events, folded away.
pub(super) fn events(scenario: &Scenario) -> String {
    let all = merged(scenario);
    let rows: String = all
        .iter()
        .map(|event| {
            format!(
                "<tr class=\"{}\"><td class=\"num\">+{}</td><td>{}</td><td>{}</td></tr>\n",
                event.tone,
                duration(event.at),
                text(event.cluster),
                text(&event.text)
            )
        })
        .collect();
    format!(
        "<details class=\"events\"><summary>{} in all clusters</summary><div class=\"scroll\"><table><thead><tr><th>Time</th>\
         <th>Cluster</th><th>Event</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div></details>\n",
        count(all.len(), "event")
    )
}

fn merged(scenario: &Scenario) -> Vec<Happened<'_>> {
    let ready = scenario.ready.iter().map(|(cluster, millis)| Happened {
        at: 0,
        cluster,
        tone: "note",
        text: format!("ready in {millis} ms"),
    });
    let mut all: Vec<Happened> = ready.collect();
    for (index, step) in &scenario.steps {
        all.extend(of_step(*index, step));
    }
    all.extend(scenario.notes.iter().map(noted));
    // Stable: what is of the same moment stays in the order of the journal.
    all.sort_by_key(|event| event.at);
    all
}

fn of_step(index: usize, step: &Step) -> Vec<Happened<'_>> {
    let plain = |at, tone, text| Happened {
        at,
        cluster: "",
        tone,
        text,
    };
    let mut all = vec![plain(step.at, "begun", format!("Step {}: {}", index + 1, step.title))];
    all.extend(step.notes.iter().map(noted));
    if let (Some(first), Some(last)) = (step.submitted.first(), step.submitted.last()) {
        let names = match step.submitted.len() {
            1 => first.execution.clone(),
            number => format!("{} … {} ({number})", first.execution, last.execution),
        };
        all.push(plain(first.at, "note", format!("{names} submitted")));
    }
    if let Some(end) = step.end.as_ref().filter(|_| step.is_failed()) {
        let message = end.message.as_deref().unwrap_or_default();
        all.push(plain(
            step.at + end.virtual_millis,
            "bad",
            format!("{} {message}", word(end.outcome)),
        ));
    }
    all
}

fn noted(note: &Note) -> Happened<'_> {
    Happened {
        at: note.at,
        cluster: note.cluster.as_deref().unwrap_or_default(),
        tone: if note.level == Level::Warning { "warn" } else { "note" },
        text: note.text.clone(),
    }
}
