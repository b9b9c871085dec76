//! The report as CI systems get it.

use super::junit;
use crate::journal::{Event, Level, Outcome};
use crate::report::built::{begun, ended, finished, misplaced, records, started};

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
