//! One test for each scenario below `scenarios/`, on embedded clusters.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/each.rs"]
mod each;
#[path = "support/shown.rs"]
mod shown;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::Failed;
use multiplane::journal::{Journal, Outcome};
use multiplane::report::{Console, Detail};
use multiplane::run::{Plan, Suite, suite};
use scenario::Given;
use tokio_util::sync::CancellationToken;

use each::each;
use shown::Shown;

fn run(file: &Path) -> Result<(), Failed> {
    let plans = Plan::all(file, None, &Given::of("test")).map_err(|invalid| Failed::from(invalid.to_string()))?;
    let shown = Shown::default();
    let journal = Journal::new("test".into(), None, vec![Box::new(Console::plain(shown.clone(), Detail::Normal))])?;
    let finished = suite(&plans, &Suite::embedded(CancellationToken::new()), &journal);
    if finished.outcomes.iter().all(|outcome| *outcome == Outcome::Passed) {
        return Ok(());
    }
    Err(Failed::from(shown.text()))
}

fn main() -> ExitCode {
    each(run, Vec::new())
}
