//! One test for each scenario below `scenarios/`, on embedded clusters.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/shown.rs"]
mod shown;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use multiplane::journal::{Journal, Outcome};
use multiplane::report::{Console, Detail};
use multiplane::run::{Plan, Suite, suite};
use tokio_util::sync::CancellationToken;

use shown::Shown;

fn run(file: &Path) -> Result<(), Failed> {
    let plan = Plan::new(file, None, "test").map_err(|invalid| Failed::from(invalid.to_string()))?;
    let shown = Shown::default();
    let journal = Journal::new("test".into(), None, vec![Box::new(Console::plain(shown.clone(), Detail::Normal))])?;
    let finished = suite(&[plan], &Suite::embedded(CancellationToken::new()), &journal);
    if finished.outcomes == [Outcome::Passed] {
        return Ok(());
    }
    Err(Failed::from(shown.text()))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../scenarios")
        .canonicalize()
        .unwrap();
    let files: Vec<PathBuf> = scenario::discover::discover(std::slice::from_ref(&root)).unwrap();
    let trials = files.into_iter().map(|file| {
        let name = file
            .parent()
            .and_then(|folder| folder.strip_prefix(&root).ok())
            .unwrap()
            .display()
            .to_string();
        Trial::test(name, move || run(&file))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
