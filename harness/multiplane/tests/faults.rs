//! Faults as steps: seen to bite, healed, and mended however a scenario ends.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/shown.rs"]
mod shown;

use std::path::Path;

use multiplane::journal::{Journal, Outcome};
use multiplane::report::{Console, Detail};
use multiplane::run::{Plan, Suite, suite};
use tokio_util::sync::CancellationToken;

use shown::Shown;

/// Runs these steps with clusters `a`, `b` and `c`. How it ended, and what the console showed.
fn run(steps: &str) -> (Outcome, String) {
    let text = format!(
        "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: faults}}\nsettings: {{timeout: 10m}}\n\
         clusters: {{a: {{role: other}}, b: {{role: other}}, c: {{role: other}}}}\nsteps:\n{steps}"
    );
    let plan = Plan::of_text(Path::new("faults.yaml"), &text, None, "test").unwrap_or_else(|invalid| panic!("{invalid}"));
    let shown = Shown::default();
    let journal = Journal::new("test".into(), None, vec![Box::new(Console::plain(shown.clone(), Detail::Normal))]).unwrap();
    let finished = suite(&[plan], &Suite::embedded(CancellationToken::new()), &journal);
    (finished.outcomes[0], shown.text())
}

fn assert_shown(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn each_verdict_bites_where_it_must_and_only_there() {
    let (outcome, text) = run("\
- fault: {id: gone, match: {cluster: a}, verdict: refuse}
- fault: {id: cut, match: {between: [b, c]}, verdict: drop}
- heal: {fault: [gone, cut]}
- fault: {id: late, match: {from: c, to: a}, verdict: {delay: 2s}}
- heal: {fault: late}
");
    assert_eq!(outcome, Outcome::Passed, "{text}");
    let refused = ["a -> b", "b -> a", "a -> c", "c -> a"].map(|way| format!("bites: {way}: dial tcp"));
    assert_shown(&text, &refused.iter().map(String::as_str).collect::<Vec<_>>());
    assert_shown(
        &text,
        &[
            "connection refused",
            "bites: b -> c: dial tcp",
            "no answer within 5 s",
            "bites: c -> a: connected in 2.00 s",
        ],
    );
    assert_shown(&text, &["mended: b -> c: connected in", "mended: c -> a: connected in"]);
}

#[test]
fn a_scenario_that_fails_is_mended() {
    let (outcome, text) = run("\
- fault: {id: gone, match: {cluster: a}, verdict: drop}
- expect: {resources: {on: b, apiVersion: v1, kind: Namespace, name: default, absent: true, within: 1s}}
- heal: {fault: gone}
");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(&text, &["fault gone: mended at the end of the scenario"]);
}

#[test]
fn a_scenario_that_takes_too_long_is_mended() {
    let (outcome, text) = run("- fault: {id: gone, match: {cluster: a}, verdict: drop}\n- wait: {for: 1h}\n");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(
        &text,
        &["longer than its settings.timeout", "fault gone: mended at the end of the scenario"],
    );
}

#[test]
fn a_fault_that_changes_nothing_is_told() {
    let (outcome, text) = run("\
- fault: {id: gone, match: {cluster: a}, verdict: drop}
- fault: {id: again, match: {between: [a, b]}, verdict: refuse}
");
    assert_eq!(outcome, Outcome::Environment, "{text}");
    assert_shown(&text, &["a does not reach b without the fault"]);
}
