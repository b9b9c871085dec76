//! Journals that tests of reports are made from.

use std::collections::BTreeMap;

use crate::journal::{Admin, Event, Outcome, PlacementVerdict, Record, Sighting, VERSION};

/// Records of one scenario, each with the step it belongs to.
pub(super) fn records(scenario: &str, events: Vec<(Option<usize>, Event)>) -> Vec<Record> {
    let record = |(seq, (step, event))| Record {
        v: VERSION,
        run: "r1".into(),
        scenario: Some(scenario.to_owned()),
        seq,
        wall: "2026-01-02T03:04:05.678Z".parse().unwrap(),
        virtual_time: None,
        cluster: matches!(event, Event::ClusterReady { .. }).then(|| "a".to_owned()),
        step,
        event,
    };
    (0..).zip(events).map(record).collect()
}

pub(super) fn started(steps: usize) -> (Option<usize>, Event) {
    let event = Event::ScenarioStarted {
        file: "s/scenario.yaml".into(),
        backend: "embedded".into(),
        seed: 7,
        clusters: vec!["a".into(), "b".into()],
        steps,
        matrix: BTreeMap::from([("kubernetes".to_owned(), "1.36".to_owned())]),
        attempt: 1,
        quarantine: None,
        options: Vec::new(),
        capsule: None,
    };
    (None, event)
}

pub(super) fn begun(step: usize, title: &str, line: usize) -> (Option<usize>, Event) {
    let event = Event::StepStarted {
        verb: "expect".into(),
        title: title.into(),
        line,
    };
    (Some(step), event)
}

pub(super) fn ended(step: usize, outcome: Outcome, code: Option<&str>, message: Option<&str>) -> (Option<usize>, Event) {
    let event = Event::StepFinished {
        outcome,
        code: code.map(str::to_owned),
        message: message.map(str::to_owned),
        millis: 1500,
        virtual_millis: 60_000,
    };
    (Some(step), event)
}

pub(super) fn finished(outcome: Outcome) -> (Option<usize>, Event) {
    let event = Event::ScenarioFinished {
        outcome,
        millis: 2000,
        virtual_millis: 61_000,
    };
    (None, event)
}

pub(super) fn misplaced() -> Event {
    Event::Placement(PlacementVerdict {
        strayed: None,
        submit: "s".into(),
        execution: "e1".into(),
        expected: vec!["b".into()],
        nowhere: false,
        placed_by: "reference".into(),
        admin: Some(Admin {
            cluster: "a".into(),
            phase: "RUNNING".into(),
            error: None,
        }),
        seen: BTreeMap::from([("a".to_owned(), Sighting::default())]),
        prediction: None,
        watched_millis: 0,
        passed: false,
        undecided: false,
        faults: vec!["seen on a, where it must not be".into()],
    })
}
