//! Every scenario on every backend: one test for each that this machine can run, the others ignored with the reason.
//!
//! A test is a run of the `multiplane` command. In real time, nothing is watched for longer than `MULTIPLANE_E2E_HOLD` (30s; `full` for what
//! the scenarios say), scenarios that may wait for longer than `MULTIPLANE_E2E_LONGEST` (15m) are ignored, and flyteadmin brings namespaces
//! into data planes every five seconds in place of five minutes.

#![expect(clippy::unwrap_used, reason = "tests")]

mod backends;
mod cell;
mod patience;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use multiplane::run::Plan;
use scenario::Given;

use backends::{Backends, Here};
use cell::Cell;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let root = root.canonicalize().unwrap();
    let backends = Backends::ask();
    let mut trials = Vec::new();
    for file in scenario::discover::discover(std::slice::from_ref(&root)).unwrap() {
        let folder = file.parent().and_then(|folder| folder.strip_prefix(&root).ok());
        let folder = folder.unwrap().display().to_string();
        // The cells of a matrix are alike in what they ask of a backend, and run one by one in one test.
        let plans = Plan::all(&file, None, &Given::of("e2e")).unwrap_or_else(|invalid| panic!("{invalid}"));
        let plan = &plans[0];
        for backend in backends.all() {
            let here = backend.runs(&plan.loaded.scenario);
            let cell = Cell::new(&backend.name, plan);
            let name = format!("{}/{folder}", backend.name);
            trials.push(match here {
                Here::Yes => Trial::test(name, move || cell.run()),
                // `--ignored` runs it all the same.
                Here::Long(short) => Trial::test(name, move || cell.run()).with_kind(short).with_ignored_flag(true),
                Here::No { short, long } => {
                    let trial = Trial::test(name, move || Err(long.into()));
                    trial.with_kind(short).with_ignored_flag(true)
                }
            });
        }
    }
    if !arguments.list {
        backends.tell();
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
