//! Steps that are given as text, run on embedded clusters.

use std::path::Path;

use multiplane::journal::{Journal, Kept, Outcome, Record};
use multiplane::report::{Console, Detail};
use multiplane::run::{Plan, Suite, suite};
use tokio_util::sync::CancellationToken;

use crate::shown::Shown;

/// Each with an issuer that the policies in `fixtures/iam` name.
const CLUSTERS: &str = "{a: {role: other, issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1'}, \
    b: {role: other, issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2'}, \
    c: {role: other, issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0'}}";

/// Runs these steps with clusters `a`, `b` and `c`. How it ended, and what the console showed.
pub(crate) fn run(steps: &str) -> (Outcome, String) {
    let (outcome, text, _) = recorded(steps);
    (outcome, text)
}

/// As [`run`], with what was recorded.
pub(crate) fn recorded(steps: &str) -> (Outcome, String, Vec<Record>) {
    let text = format!(
        "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: faults}}\nsettings: {{timeout: 10m}}\n\
         clusters: {CLUSTERS}\nsteps:\n{steps}"
    );
    let plan = Plan::of_text(Path::new("faults.yaml"), &text, None, "test").unwrap_or_else(|invalid| panic!("{invalid}"));
    let shown = Shown::default();
    let kept = Kept::default();
    let console = Console::plain(shown.clone(), Detail::Normal);
    let journal = Journal::new("test".into(), None, vec![Box::new(kept.clone()), Box::new(console)]).unwrap();
    let finished = suite(&[plan], &Suite::embedded(CancellationToken::new()), &journal);
    (finished.outcomes[0], shown.text(), kept.records())
}

/// Demands that the console showed all of these.
pub(crate) fn assert_shown(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}
