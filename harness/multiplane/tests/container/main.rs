//! The container backend, where a docker engine answers and the image of `make images` is there; else ignored, with the reason.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bench;
mod faults;
mod kills;
#[path = "../support/process.rs"]
mod process;
mod runs;
#[path = "../support/signals.rs"]
mod signals;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use multiplane::backend::container::{ContainerBackend, Settings};
use multiplane::backend::ledger::State;
use multiplane::backend::outside::Outside;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Also for a list: nextest runs each test by the name that the list has for it, and what is ignored has the reason in its name.
    let missing = missing();
    let tests = faults::ALL.iter().chain(runs::ALL).chain(kills::ALL);
    let trials = tests.map(|(name, test)| {
        let run = move || -> Result<(), Failed> {
            test();
            Ok(())
        };
        match &missing {
            None => Trial::test(*name, run),
            Some(reason) => Trial::test(*name, run).with_kind(reason).with_ignored_flag(true),
        }
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// What keeps the backend from running here.
fn missing() -> Option<String> {
    let state = tempfile::tempdir().unwrap();
    faults::block_on(async {
        match ContainerBackend::begin(Settings::new(State::at(state.path())), "probe").await {
            Ok(backend) => {
                backend.end().await.unwrap();
                None
            }
            Err(error) => error.to_string().lines().next().map(str::to_owned),
        }
    })
}
