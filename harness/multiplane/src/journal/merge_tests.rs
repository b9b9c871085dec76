//! Journals that go together, and such that do not.

use std::collections::BTreeMap;

use super::*;
use crate::exit::Exit;

/// A journal under construction.
struct Writer(Source);

impl Writer {
    fn new(path: &str, scenarios: usize, partition: Option<&str>) -> Self {
        let records = Vec::new();
        let path = path.into();
        let partition = partition.map(|text| text.parse().unwrap());
        let version = "1".to_owned();
        Self(Source { path, records }).add(
            None,
            None,
            Event::RunStarted {
                version,
                scenarios,
                partition,
            },
        )
    }

    fn add(mut self, scenario: Option<&str>, step: Option<usize>, event: Event) -> Self {
        let seq = self.0.records.len() as u64;
        let wall = jiff::Timestamp::from_second(seq.cast_signed()).unwrap();
        self.0.records.push(Record {
            v: VERSION,
            run: "r".into(),
            scenario: scenario.map(str::to_owned),
            seq,
            wall,
            virtual_time: scenario.map(|_| wall),
            cluster: None,
            step,
            event,
        });
        self
    }

    fn begin(self, scenario: &str, version: Option<&str>) -> Self {
        let event = Event::ScenarioStarted {
            file: format!("{scenario}/scenario.yaml"),
            backend: "embedded".into(),
            seed: 0,
            clusters: vec!["a".into()],
            steps: 1,
            matrix: version
                .map(|version| ("kubernetes".to_owned(), version.to_owned()))
                .into_iter()
                .collect(),
            attempt: 1,
            quarantine: None,
            options: Vec::new(),
            capsule: None,
        };
        self.add(Some(scenario), None, event)
    }

    fn step(self, scenario: &str) -> Self {
        let (verb, title, line) = ("wait".into(), "wait 1s".into(), 9);
        self.add(Some(scenario), Some(0), Event::StepStarted { verb, title, line })
    }

    fn passed(self, scenario: &str, version: Option<&str>) -> Self {
        let (outcome, millis, virtual_millis) = (Outcome::Passed, 1, 1);
        let end = Event::ScenarioFinished {
            outcome,
            millis,
            virtual_millis,
        };
        self.begin(scenario, version).add(Some(scenario), None, end)
    }

    fn exit(self, exit: u8) -> Source {
        self.add(None, None, Event::RunFinished { exit }).0
    }
}

fn part(index: &str, scenario: &str, exit: u8) -> Source {
    Writer::new(&format!("{}.jsonl", index.replace('/', "-")), 1, Some(index))
        .passed(scenario, None)
        .exit(exit)
}

fn outcomes(merged: &Merged) -> BTreeMap<String, Outcome> {
    let end = |record: &Record| match record.event {
        Event::ScenarioFinished { outcome, .. } => Some((record.scenario.clone()?, outcome)),
        _ => None,
    };
    merged.records.iter().filter_map(end).collect()
}

#[test]
fn parts_become_one_run_with_the_lowest_code() {
    let merged = merge(vec![part("1/3", "a", 0), part("2/3", "b", 3), part("3/3", "c", 1)]).unwrap();
    assert_eq!((merged.exit, merged.remarks.len()), (Exit::Failed, 0));
    assert_eq!(outcomes(&merged).len(), 3);
    let framed = (&merged.records[0].event, &merged.records.last().unwrap().event);
    assert!(matches!(
        framed,
        (Event::RunStarted { scenarios: 3, .. }, Event::RunFinished { exit: 1 })
    ));
    assert_eq!(merge(vec![part("1/1", "a", 0)]).unwrap().exit, Exit::Passed);
}

#[test]
fn an_empty_part_is_a_pass() {
    let empty = Writer::new("2.jsonl", 0, Some("2/2")).exit(0);
    let merged = merge(vec![empty.clone()]).unwrap();
    assert_eq!((merged.exit, merged.records.len()), (Exit::Passed, 2));
    assert_eq!(merge(vec![part("1/2", "a", 0), empty]).unwrap().exit, Exit::Passed);
}

#[test]
fn a_part_without_a_journal_is_no_pass() {
    let merged = merge(vec![part("1/3", "a", 0), part("3/3", "b", 0)]).unwrap();
    assert_eq!(merged.exit, Exit::Environment);
    assert!(merged.remarks[0].ends_with("partition 2/3"), "{:?}", merged.remarks);
    // A report on one part is asked for, not a whole with parts missing.
    assert_eq!(merge(vec![part("1/3", "a", 0)]).unwrap().exit, Exit::Passed);
}

#[test]
fn a_journal_without_an_end_was_interrupted() {
    let killed = Writer::new("k.jsonl", 3, None).passed("a", None).begin("b", None).step("b").0;
    let merged = merge(vec![killed.clone()]).unwrap();
    assert_eq!(merged.exit, Exit::Interrupted);
    assert_eq!(outcomes(&merged)["b"], Outcome::Interrupted);
    let step = merged
        .records
        .iter()
        .find(|record| matches!(record.event, Event::StepFinished { .. }));
    assert_eq!(step.and_then(|record| record.step), Some(0));
    assert_eq!(
        merged.remarks,
        [
            "k.jsonl: the journal has no end: the run was interrupted",
            "k.jsonl: 1 of 3 scenarios never began"
        ]
    );
    // A failed expectation elsewhere is the lower code.
    let failed = Writer::new("f.jsonl", 0, None).exit(1);
    assert_eq!(merge(vec![killed, failed]).unwrap().exit, Exit::Failed);
    let nothing = Source {
        path: "n.jsonl".into(),
        records: Vec::new(),
    };
    assert_eq!(merge(vec![nothing]).unwrap().exit, Exit::Interrupted);
}

#[test]
fn a_scenario_counts_once_in_a_cell() {
    let run = |path: &str, version| Writer::new(path, 1, None).passed("a", version).exit(0);
    let error = merge(vec![run("1.jsonl", None), run("2.jsonl", None)]).unwrap_err();
    assert_eq!(error.to_string(), "scenario a (embedded) is in two journals: 1.jsonl and 2.jsonl");
    let merged = merge(vec![run("1.jsonl", Some("1.35")), run("2.jsonl", Some("1.36"))]).unwrap();
    let names: Vec<String> = outcomes(&merged).into_keys().collect();
    assert_eq!(names, ["a (embedded, kubernetes=1.35)", "a (embedded, kubernetes=1.36)"]);
}
