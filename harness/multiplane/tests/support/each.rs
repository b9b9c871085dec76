//! One test for each scenario below `scenarios/`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// Runs a test for each scenario file; its name is the scenario's folder. And `more`.
pub(crate) fn each(run: fn(&Path) -> Result<(), Failed>, more: Vec<Trial>) -> ExitCode {
    let arguments = Arguments::from_args();
    let root = scenarios();
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
    libtest_mimic::run(&arguments, trials.chain(more).collect()).exit_code()
}

/// Where they are.
pub(crate) fn scenarios() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    root.canonicalize().unwrap()
}
