//! What is tried again, and how that is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use super::{Plan, Provider, Suite, suite};
use crate::backend::outside::{Outside, Session};
use crate::backend::{BackendError, Embedded, Time, World};
use crate::journal::{Journal, Kept, Outcome};
use crate::report::{junit, summary};
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
