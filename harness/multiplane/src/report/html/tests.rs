//! The page as people get it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::html;
use crate::journal::{Admin, Event, Level, Outcome, PlacementVerdict, Record, Sighting};
use crate::report::built::{begun, ended, finished, misplaced, records, started};

fn submitted(execution: &str) -> Event {
    Event::Submitted {
        submit: "s".into(),
        execution: execution.into(),
        prediction: None,
    }
}

fn failed() -> Vec<Record> {
    let events = vec![
        started(4),
        (None, Event::ClusterReady { millis: 12 }),
        begun(0, "submit s", 10),
        (Some(0), submitted("e1")),
        ended(0, Outcome::Passed, None, None),
        begun(1, "expect placement of s", 14),
        (Some(1), misplaced()),
        ended(1, Outcome::Failed, Some("placement-wrong"), Some("e1 is wrong\nsecond line")),
        finished(Outcome::Failed),
    ];
    records("wrong", events)
}

#[test]
fn a_failed_run_says_why_and_how_to_see_it_again() {
    let page = html(&failed());
    let (_, body) = page.split_once("<body>").unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn what_a_journal_says_is_never_markup() {
    const EVIL: &str = "</style><script>alert('1')</script>\" onmouseover=\"x";
    let said = |record: &Record| {
        let mut value = serde_json::to_value(record).unwrap();
        replace(&mut value, EVIL);
        serde_json::from_value::<Record>(value).unwrap()
    };
    let mut events = failed();
    let text = "t".into();
    events[1].event = Event::Note {
        level: Level::Warning,
        text,
    };
    let evil: Vec<Record> = events.iter().map(said).collect();
    let page = html(&evil);
    assert!(page.matches("&lt;script&gt;").count() > 20);
    assert_eq!(page.matches("<script").count() + page.matches("\" onmouseover").count(), 0);
    assert_eq!(page.matches("</style>").count(), 1);
}

/// Puts `evil` in place of every text that is not of a fixed set, and of names that are keys.
fn replace(value: &mut Value, evil: &str) {
    match value {
        Value::Object(fields) => {
            for key in ["seen", "matrix"] {
                if let Some(Value::Object(named)) = fields.get_mut(key) {
                    *named = std::mem::take(named)
                        .into_iter()
                        .map(|(_, value)| (evil.to_owned(), value))
                        .collect();
                }
            }
            let free = fields
                .iter_mut()
                .filter(|(key, _)| !["type", "wall", "level", "outcome"].contains(&key.as_str()));
            free.for_each(|(_, value)| replace(value, evil));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, evil)),
        Value::String(text) => evil.clone_into(text),
        _ => {}
    }
}

#[test]
fn a_page_needs_nothing_else() {
    let page = html(&failed());
    for reference in ["http:", "https:", "src=", "url(", "<link", "@import", "<script"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn many_executions_are_counts() {
    let names: Vec<String> = (0..300).map(|index| format!("e{index}")).collect();
    let landed = |execution: &String| {
        Event::Placement(PlacementVerdict {
            strayed: None,
            submit: "s".into(),
            execution: execution.clone(),
            expected: vec!["b".into()],
            nowhere: false,
            placed_by: "reference".into(),
            admin: Some(Admin {
                cluster: "b".into(),
                phase: "SUCCEEDED".into(),
                error: None,
            }),
            seen: BTreeMap::from([("b".to_owned(), Sighting::default())]),
            prediction: None,
            watched_millis: 0,
            passed: true,
            undecided: false,
            faults: Vec::new(),
        })
    };
    let mut events = vec![started(2), begun(0, "submit s", 10)];
    events.extend(names.iter().map(|name| (Some(0), submitted(name))));
    events.extend([ended(0, Outcome::Passed, None, None), begun(1, "expect placement of s", 14)]);
    events.extend(names.iter().map(|name| (Some(1), landed(name))));
    events.extend([ended(1, Outcome::Passed, None, None), finished(Outcome::Passed)]);
    let page = html(&records("many", events));
    for part in ["300 SUCCEEDED", "300 as expected", "e0 … e299 (300)"] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<tr class=\"ok\">").count(), 1);
    assert_eq!(page.matches("<li class=\"ok\"><b>e").count(), 300);
    assert!(page.len() < 100_000, "{} bytes", page.len());
}

#[test]
fn a_killed_run_shows_where_it_was() {
    let page = html(&records("s", vec![started(2), begun(0, "wait 1h", 9)]));
    for part in [
        "! 1 interrupted",
        "In step 1: wait 1h (s/scenario.yaml:9)",
        "Steps 2 to 2 were not reached",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// The result, as the page shows it, of a run of `planned` scenarios of which one passed.
fn result(planned: usize, exit: Option<u8>) -> String {
    let mut all = records("s", vec![started(0), finished(Outcome::Passed)]);
    let bare = |event| Record {
        scenario: None,
        event,
        ..all[0].clone()
    };
    let start = bare(Event::RunStarted {
        version: "1".into(),
        scenarios: planned,
        partition: None,
    });
    let end = exit.map(|exit| bare(Event::RunFinished { exit }));
    all.insert(0, start);
    all.extend(end);
    let page = html(&all);
    let (_, rest) = page.split_once("<h1 class=").unwrap();
    rest.split_once("<dl").unwrap().0.to_owned()
}

#[test]
fn only_a_whole_run_that_ended_well_is_green() {
    let cases = [
        (1, Some(0), "\"ok\">1 scenario passed", "1 passed</span> </p>"),
        (3, None, "\"bad\">2 of 3 scenarios did not pass", "2 never began"),
        (1, None, "\"bad\">1 scenario passed", "the run did not end well"),
        (1, Some(4), "\"bad\">1 scenario passed", "clean-up incomplete"),
        (1, Some(3), "\"bad\">1 scenario passed", "a part is missing"),
    ];
    for (planned, exit, headline, chip) in cases {
        let result = result(planned, exit);
        assert!(
            result.starts_with(headline) && result.contains(chip),
            "{planned} {exit:?}: {result}"
        );
    }
}

/// The verdict on an execution of which something was seen in each of these clusters, so long after it was submitted.
fn verdict(execution: &str, seen: &[(&str, u64)], passed: bool) -> PlacementVerdict {
    let Event::Placement(verdict) = misplaced() else { unreachable!() };
    let sighting = |after| Sighting {
        after_millis: Some(after),
        ..Sighting::default()
    };
    PlacementVerdict {
        execution: execution.into(),
        seen: seen
            .iter()
            .map(|(cluster, after)| ((*cluster).to_owned(), sighting(*after)))
            .collect(),
        passed,
        ..verdict
    }
}

fn judged(verdicts: Vec<PlacementVerdict>) -> String {
    let names: Vec<String> = verdicts.iter().map(|verdict| verdict.execution.clone()).collect();
    let mut events = vec![started(2), begun(0, "submit s", 10)];
    events.extend(names.iter().map(|name| (Some(0), submitted(name))));
    events.extend([ended(0, Outcome::Passed, None, None), begun(1, "expect placement of s", 14)]);
    events.extend(verdicts.into_iter().map(|verdict| (Some(1), Event::Placement(verdict))));
    events.extend([ended(1, Outcome::Failed, None, Some("wrong")), finished(Outcome::Failed)]);
    html(&records("stray", events))
}

#[test]
fn marks_are_where_executions_were_first_seen_and_count_them_all() {
    let page = judged(vec![
        verdict("e1", &[("a", 45_000), ("b", 10)], false),
        verdict("e2", &[("b", 20)], true),
    ]);
    // The axis ends at 61 s.
    for part in [
        "<b class=\"bad\" style=\"left:73.77%\" title=\"s: 1 execution first seen at +45.00 s, 1 wrong\">1</b>",
        "<b class=\"bad\" style=\"left:0.01%\" title=\"s: 2 executions first seen at +10 ms to +20 ms, 1 wrong\">2</b>",
        "<b>s</b> × 2</span>",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn nowhere_is_not_anywhere() {
    let nowhere = PlacementVerdict {
        expected: Vec::new(),
        nowhere: true,
        ..verdict("e1", &[("a", 1)], false)
    };
    let anywhere = PlacementVerdict {
        nowhere: false,
        ..nowhere.clone()
    };
    let (nowhere, anywhere) = (judged(vec![nowhere]), judged(vec![anywhere]));
    assert!(nowhere.contains("<td data-name=\"Expected on\">no cluster</td>") && nowhere.contains("seen here, not expected"));
    assert!(anywhere.contains("<td data-name=\"Expected on\">any cluster</td>") && !anywhere.contains("seen here, not expected"));
}
