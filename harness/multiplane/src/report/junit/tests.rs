//! The report as CI systems get it.

use std::collections::BTreeMap;

use super::junit;
use crate::journal::{Admin, Event, Level, Outcome, PlacementVerdict, Record, Sighting, VERSION};

/// Records of one scenario, each with the step it belongs to.
fn records(scenario: &str, events: Vec<(Option<usize>, Event)>) -> Vec<Record> {
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

fn started(steps: usize) -> (Option<usize>, Event) {
    let event = Event::ScenarioStarted {
        file: "s/scenario.yaml".into(),
        backend: "embedded".into(),
        seed: 7,
        clusters: vec!["a".into(), "b".into()],
        steps,
        matrix: BTreeMap::from([("kubernetes".to_owned(), "1.36".to_owned())]),
    };
    (None, event)
}

fn begun(step: usize, title: &str, line: usize) -> (Option<usize>, Event) {
    let event = Event::StepStarted {
        verb: "expect".into(),
        title: title.into(),
        line,
    };
    (Some(step), event)
}

fn ended(step: usize, outcome: Outcome, code: Option<&str>, message: Option<&str>) -> (Option<usize>, Event) {
    let event = Event::StepFinished {
        outcome,
        code: code.map(str::to_owned),
        message: message.map(str::to_owned),
        millis: 1500,
        virtual_millis: 60_000,
    };
    (Some(step), event)
}

fn finished(outcome: Outcome) -> (Option<usize>, Event) {
    let event = Event::ScenarioFinished {
        outcome,
        millis: 2000,
        virtual_millis: 61_000,
    };
    (None, event)
}

fn misplaced() -> Event {
    Event::Placement(PlacementVerdict {
        submit: "s".into(),
        execution: "e1".into(),
        expected: vec!["b".into()],
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
        faults: vec!["seen on a, where it must not be".into()],
    })
}

#[test]
fn a_failed_expectation_has_its_place_and_its_table() {
    let all = records(
        "wrong",
        vec![
            started(4),
            (None, Event::ClusterReady { millis: 12 }),
            begun(0, "submit s <1>", 10),
            ended(0, Outcome::Passed, None, None),
            begun(1, "expect placement of s", 14),
            (Some(1), misplaced()),
            ended(
                1,
                Outcome::Failed,
                Some("placement"),
                Some("1 of 1 executions is wrong\nsecond line"),
            ),
            finished(Outcome::Failed),
        ],
    );
    insta::assert_snapshot!(junit(&all).unwrap());
}

/// Type, message and name of the one case that did not pass.
fn blamed(events: Vec<(Option<usize>, Event)>) -> String {
    let text = junit(&records("s", events)).unwrap();
    let bad: Vec<&str> = text
        .lines()
        .zip(text.lines().skip(1))
        .filter(|(_, next)| next.trim().starts_with("<error") || next.trim().starts_with("<failure"))
        .flat_map(|(case, fault)| [case.trim(), fault.trim()])
        .collect();
    bad.join("\n")
}

#[test]
fn what_no_step_explains_is_put_where_it_happened() {
    let warning = |text: &str| {
        let level = Level::Warning;
        (None, Event::Note { level, text: text.into() })
    };
    insta::assert_snapshot!(
        "no-cluster",
        blamed(vec![
            started(2),
            warning("cluster a did not start: no memory"),
            finished(Outcome::Environment)
        ])
    );
    insta::assert_snapshot!("killed-in-a-step", blamed(vec![started(2), begun(0, "wait 1h", 9)]));
    insta::assert_snapshot!(
        "out-of-time",
        blamed(vec![
            started(2),
            begun(0, "wait 1h", 9),
            warning("the scenario took longer than 10m"),
            finished(Outcome::Failed)
        ])
    );
    insta::assert_snapshot!(
        "killed-between-steps",
        blamed(vec![started(2), begun(0, "wait 1s", 9), ended(0, Outcome::Passed, None, None)])
    );
}
