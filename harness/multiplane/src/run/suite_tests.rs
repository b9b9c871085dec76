//! What is tried again, and how that is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::suite::exit;
use super::{Plan, Provider, Suite, suite};
use crate::backend::outside::{Outside, Session};
use crate::backend::{BackendError, Embedded, Time, World};
use crate::exit::Exit;
use crate::journal::{Event, Journal, Kept, Level, Outcome, Record};
use crate::report::{endings, junit, summary};
use flyte::stores::Stores;

/// Worlds come, but not at the first times.
#[derive(Debug)]
struct Reluctant {
    refusals: usize,
    message: &'static str,
    asked: AtomicUsize,
}

impl Outside for Reluctant {
    fn world(&self, _: usize, seed: u64) -> Result<Box<dyn World>, BackendError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < self.refusals {
            let (cluster, message) = ("a".to_owned(), self.message.to_owned());
            return Err(BackendError::Start { cluster, message });
        }
        Ok(Box::new(Embedded::new(Time::Real, seed, &Stores::new())?))
    }

    fn session(&self) -> &Session {
        unreachable!("there is nothing outside")
    }
}

/// The outcome, how often a world was asked for, and the journal.
fn run(refusals: usize, message: &'static str) -> (Outcome, usize, Kept) {
    let text = "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: s}\nclusters: {a: {role: other}}\nsteps:\n- wait: {for: 1ms}\n";
    let plan = Plan::of_text(Path::new("s.yaml"), text, None, "test").unwrap_or_else(|invalid| panic!("{invalid}"));
    let asked = AtomicUsize::new(0);
    let backend = Arc::new(Reluctant { refusals, message, asked });
    let kept = Kept::default();
    let journal = Journal::new("test".into(), None, vec![Box::new(kept.clone())]).unwrap();
    let settings = Suite {
        provider: Provider::Outside(backend.clone()),
        retries: 2,
        ..Suite::embedded(CancellationToken::new())
    };
    let finished = suite(&[plan], &settings, &journal);
    (finished.outcomes[0], backend.asked.load(Ordering::Relaxed), kept)
}

#[test]
fn what_is_known_to_pass_is_tried_again() {
    let (outcome, asked, _) = run(2, "connection reset by peer");
    assert_eq!((outcome, asked), (Outcome::Passed, 3));
    let (outcome, asked, _) = run(3, "connection reset by peer");
    assert_eq!((outcome, asked), (Outcome::Environment, 3));
    let (outcome, asked, _) = run(1, "certificate signed by unknown authority");
    assert_eq!((outcome, asked), (Outcome::Environment, 1));
}

#[test]
fn a_flake_stays_visible() {
    let records = run(1, "connection reset by peer").2.records();
    let summary = summary(&records);
    assert_eq!(summary["scenarios"][0]["outcome"], "passed");
    let earlier = summary["scenarios"][0]["earlierAttempts"][0].as_str().unwrap();
    assert!(earlier.contains("connection reset by peer"), "{earlier}");
    let junit = junit(&records).unwrap();
    assert!(
        junit.contains("<flakyError") && junit.contains("connection reset by peer"),
        "{junit}"
    );
}

/// How a scenario ends that fails, with a quarantine until a day, and its journal.
fn quarantined(until: &str, fails: bool) -> (Outcome, Vec<Record>) {
    let quarantine = format!("{{owner: me, link: 'https://example.com/1', until: {until}}}");
    let condition = if fails { "matches: {}" } else { "absent: true" };
    let text = format!(
        "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: s, quarantine: {quarantine}}}\nclusters: {{a: {{role: other}}}}\n\
         steps:\n- expect: {{resources: {{on: a, apiVersion: v1, kind: Namespace, name: none, {condition}}}}}\n"
    );
    let plan = Plan::of_text(Path::new("s.yaml"), &text, None, "test").unwrap_or_else(|invalid| panic!("{invalid}"));
    let kept = Kept::default();
    let journal = Journal::new("test".into(), None, vec![Box::new(kept.clone())]).unwrap();
    let finished = suite(&[plan], &Suite::embedded(CancellationToken::new()), &journal);
    (finished.outcomes[0], kept.records())
}

#[test]
fn what_is_in_quarantine_runs_and_does_not_fail_the_run() {
    let (outcome, records) = quarantined("9999-12-31", true);
    assert_eq!((outcome, exit(&[outcome])), (Outcome::Quarantined, Exit::Passed));
    let entry = &summary(&records)["scenarios"][0];
    assert_eq!((&entry["outcome"], &entry["class"]), (&json!("quarantined"), &json!(null)));
    assert_eq!(entry["quarantine"], "until 9999-12-31 (me, https://example.com/1)");
    let report = junit(&records).unwrap();
    assert!(report.contains("skipped=\"1\" failures=\"0\" errors=\"0\""), "{report}");
    assert!(report.contains("<skipped message=\"failed in quarantine: "), "{report}");
    assert_eq!(endings(&records)["s"].outcome, Outcome::Failed);
}

#[test]
fn a_quarantine_ends_by_its_day_and_is_told_of_when_nothing_fails() {
    let notes = |records: &[Record]| -> Vec<String> {
        let text = records.iter().filter_map(|record| match &record.event {
            Event::Note {
                level: Level::Warning,
                text,
            } => Some(text.clone()),
            _ => None,
        });
        text.collect()
    };
    let (outcome, records) = quarantined("2026-01-01", true);
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(
        notes(&records),
        ["its quarantine is over: it was until 2026-01-01 (me, https://example.com/1)"]
    );
    assert_eq!(summary(&records)["scenarios"][0]["quarantine"], json!(null));
    let (outcome, records) = quarantined("9999-12-31", false);
    assert_eq!(outcome, Outcome::Passed);
    assert!(
        notes(&records)[0].starts_with("passed, and is in quarantine until"),
        "{:?}",
        notes(&records)
    );
}
