//! `multiplane run --backend kind` and `multiplane gc`, with doubles of `kind` and `docker` in place of the real ones.
//!
//! This program is all three: called under the name `kind` or `docker` (links in a bench's `bin`) it is the double, else the tests. The double
//! of `kind` answers as recorded, and hands out embedded clusters over real sockets, so that the way from the command line to the verdict runs
//! without docker.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "doubles of commands")]

mod bench;
mod cases;
mod docker;
mod double;
mod image;
mod machine;
mod planes;
#[path = "../support/process.rs"]
mod process;
mod recordings;
#[path = "../support/signals.rs"]
mod signals;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let name = std::env::args().next().unwrap_or_default();
    match std::path::Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("kind") => double::main(),
        Some("docker") => docker::main(),
        _ => {
            let trials = cases::ALL
                .iter()
                .chain(planes::ALL)
                .map(|(name, case)| Trial::test(*name, move || run(*case)));
            libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
        }
    }
}

fn run(case: fn()) -> Result<(), libtest_mimic::Failed> {
    case();
    Ok(())
}
