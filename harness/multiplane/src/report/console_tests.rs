//! What people see of runs that do not end well.

use std::io;
use std::sync::{Arc, Mutex};

use super::{Console, Detail};
use crate::journal::{Event, Fold, Level, Outcome, Record, VERSION};

/// What was printed.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints a run of several scenarios, of which the events belong to `s`.
fn printed(detail: Detail, events: Vec<(Option<usize>, Event)>) -> String {
    printed_by(detail, false, events)
}

/// The same; failures end with `commands`.
fn printed_by(detail: Detail, commands: bool, events: Vec<(Option<usize>, Event)>) -> String {
    let (version, partition) = ("1".to_owned(), None);
    let start = Event::RunStarted {
        version,
        scenarios: 2,
        partition,
    };
    let begin = Event::ScenarioStarted {
        file: "s/scenario.yaml".into(),
        backend: "embedded".into(),
        seed: 0,
        clusters: vec!["a".into()],
        steps: 2,
        matrix: std::collections::BTreeMap::new(),
        attempt: 1,
        quarantine: None,
        options: Vec::new(),
        capsule: None,
    };
    let shown = Shown::default();
    let mut console = Console::plain(shown.clone(), detail).names_command(commands);
    for (seq, (step, event)) in (0..).zip([(None, start), (None, begin)].into_iter().chain(events)) {
        console.record(&Record {
            v: VERSION,
            run: "r".into(),
            scenario: (seq > 0).then(|| "s".to_owned()),
            seq,
            wall: jiff::Timestamp::UNIX_EPOCH,
            virtual_time: None,
            cluster: None,
            step,
            event,
        });
    }
    String::from_utf8(shown.0.lock().unwrap().clone()).unwrap()
}

fn finished(outcome: Outcome) -> (Option<usize>, Event) {
    let (millis, virtual_millis) = (5, 5);
    let event = Event::ScenarioFinished {
        outcome,
        millis,
        virtual_millis,
    };
    (None, event)
}

fn begun() -> (Option<usize>, Event) {
    let (verb, title, line) = ("wait".into(), "wait 1h".into(), 9);
    (Some(0), Event::StepStarted { verb, title, line })
}

fn warning(text: &str) -> (Option<usize>, Event) {
    let (level, text) = (Level::Warning, text.into());
    (None, Event::Note { level, text })
}

#[test]
fn why_clusters_did_not_come() {
    let events = vec![warning("cluster a did not start: no memory"), finished(Outcome::Environment)];
    insta::assert_snapshot!(printed(Detail::Quiet, events), @"
    s
        cluster a did not start: no memory
      environment failed in 5 ms
    ");
}

#[test]
fn where_a_scenario_was_stopped() {
    let events = vec![begun(), warning("took longer than 10m"), finished(Outcome::Failed)];
    insta::assert_snapshot!(printed(Detail::Normal, events), @"
    s
        took longer than 10m
      ✗ wait 1h
          s/scenario.yaml:9
      failed in 5 ms
    ");
}

#[test]
fn what_never_began_is_counted() {
    let text = printed(
        Detail::Quiet,
        vec![finished(Outcome::Passed), (None, Event::RunFinished { exit: 3 })],
    );
    assert_eq!(text, "1 scenario: 1 passed, 0 failed, 1 never began\n");
}

#[test]
fn quiet_says_nothing_of_what_passed() {
    assert_eq!(printed(Detail::Quiet, vec![finished(Outcome::Passed)]), "");
}

#[test]
fn a_failure_ends_with_the_command_that_shows_it_again() {
    let again = "again: multiplane run s/scenario.yaml --backend embedded --seed 0";
    let ends = |outcome, commands| {
        let text = printed_by(Detail::Quiet, commands, vec![finished(outcome)]);
        text.contains(again)
    };
    assert!(ends(Outcome::Failed, true) && ends(Outcome::Interrupted, true));
    assert!(!ends(Outcome::Passed, true) && !ends(Outcome::Failed, false));
}
