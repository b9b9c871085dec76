//! The command line: one file for each subcommand.

mod exit;
mod input;
mod lint;
mod output;
mod place;
mod table;

use clap::{Parser, Subcommand};
use multiplane::exit::{Exit, HELP};

use exit::Failure;
use output::Output;

/// Tests multi-cluster deployments of Flyte: where executions land, and why.
#[derive(Parser)]
#[command(name = "multiplane", version, after_help = HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Place(place::Place),
    Lint(lint::Lint),
}

/// Parses the arguments and runs the subcommand. Wrong arguments end the process with code 2, as clap does.
pub(crate) fn main() -> Exit {
    run(Cli::parse(), &mut Output::stdout()).unwrap_or_else(Failure::report)
}

fn run(cli: Cli, output: &mut Output) -> Result<Exit, Failure> {
    match cli.command {
        Command::Place(place) => place.run(output),
        Command::Lint(lint) => lint.run(output),
    }
}

#[cfg(test)]
mod tests;
