//! Reading one journal to its end, also where the run was killed before it.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::event::{Event, Outcome, Record};
use crate::exit::Exit;

/// A journal in which everything that began has an end.
pub(super) struct Closed {
    /// Without the run's own beginning and end.
    pub(super) records: Vec<Record>,
    /// Version of the multiplane that wrote it.
    pub(super) version: Option<String>,
    /// Scenarios planned.
    pub(super) planned: usize,
    /// Scenarios that began.
    pub(super) begun: usize,
    /// The run's exit code; `None`: interrupted.
    pub(super) exit: Option<Exit>,
}

/// A scenario, or a step, that has begun.
struct Open {
    wall: Timestamp,
    virtual_time: Option<Timestamp>,
    step: Option<usize>,
}

/// Gives scenarios and steps that have no end the one of an interruption, at the time of the last record.
pub(super) fn close(records: Vec<Record>) -> Closed {
    let mut closed = Closed {
        records: Vec::new(),
        version: None,
        planned: 0,
        begun: 0,
        exit: None,
    };
    let mut scenarios: IndexMap<String, Vec<Open>> = IndexMap::new();
    let mut last = None;
    let mut begun = BTreeSet::new();
    for record in records {
        last = Some(record.clone());
        let open = |step| Open {
            wall: record.wall,
            virtual_time: record.virtual_time,
            step,
        };
        let name = record.scenario.clone().unwrap_or_default();
        match &record.event {
            Event::RunStarted { version, scenarios, .. } => {
                closed.version = Some(version.clone());
                closed.planned = *scenarios;
                continue;
            }
            Event::RunFinished { exit } => {
                closed.exit = Some(Exit::from_code(*exit));
                continue;
            }
            Event::ScenarioStarted { .. } => {
                // A later attempt follows one that has ended, if that began at all.
                closed.begun += usize::from(begun.insert(name.clone()));
                scenarios.insert(name, vec![open(None)]);
            }
            Event::StepStarted { .. } => scenarios.entry(name).or_default().push(open(record.step)),
            Event::StepFinished { .. } => {
                scenarios.entry(name).or_default().pop();
            }
            Event::ScenarioFinished { .. } => {
                scenarios.shift_remove(&name);
            }
            _ => {}
        }
        closed.records.push(record);
    }
    if let Some(last) = last {
        for (name, opens) in scenarios {
            let ends = opens.iter().rev().map(|open| end(&name, open, &last));
            closed.records.extend(ends);
        }
    }
    closed
}

fn end(scenario: &str, open: &Open, last: &Record) -> Record {
    let millis = |from: Timestamp, to: Timestamp| u64::try_from(to.duration_since(from).as_millis()).unwrap_or_default();
    let millis_real = millis(open.wall, last.wall);
    // The last record may be another world's, with another clock: then the world's time is not known.
    let same = last.scenario.as_deref() == Some(scenario);
    let virtual_millis = match (open.virtual_time, last.virtual_time) {
        (Some(from), Some(to)) if same => millis(from, to),
        _ => 0,
    };
    let outcome = Outcome::Interrupted;
    let event = match open.step {
        Some(_) => Event::StepFinished {
            outcome,
            code: Some("interrupted".to_owned()),
            message: Some("the journal ends in this step".to_owned()),
            millis: millis_real,
            virtual_millis,
        },
        None => Event::ScenarioFinished {
            outcome,
            millis: millis_real,
            virtual_millis,
        },
    };
    Record {
        scenario: Some(scenario.to_owned()),
        virtual_time: last.virtual_time.filter(|_| same),
        cluster: None,
        step: open.step,
        event,
        ..last.clone()
    }
}
