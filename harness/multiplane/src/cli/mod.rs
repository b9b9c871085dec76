//! The command line: one file for each subcommand.

mod backend;
mod completions;
mod config;
mod doctor;
mod execute;
mod exit;
mod explain;
mod gc;
mod held;
mod input;
mod lint;
mod matrix;
mod node;
mod output;
mod pause;
mod place;
mod plan;
mod program;
mod record;
mod report;
mod repro;
mod run;
mod search;
mod select;
mod signals;
mod table;
mod up;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use multiplane::exit::{Exit, HELP};

use config::Settings;
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
    Run(run::Run),
    Up(up::Up),
    Place(place::Place),
    Lint(lint::Lint),
    Plan(plan::PlanCommand),
    Explain(explain::Explain),
    Schema(explain::Schema),
    Report(report::Report),
    Repro(repro::Repro),
    Search(search::Search),
    Matrix(matrix::Matrix),
    Doctor(doctor::Doctor),
    Config(config::ConfigCommand),
    Completions(completions::Completions),
    #[command(hide = true)]
    Node(node::Node),
    #[command(hide = true)]
    Program(program::ProgramCommand),
    Gc(gc::Gc),
}

/// Parses the arguments and runs the subcommand. Wrong arguments end the process with code 2, as clap does.
pub(crate) fn main() -> ExitCode {
    if let Some(code) = program::called() {
        return code.into();
    }
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = match Settings::read(&Cli::command(), variables) {
        Ok(settings) => settings,
        Err(failure) => return failure.report().into(),
    };
    let matches = settings.defaults(Cli::command()).try_get_matches();
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches)).unwrap_or_else(|error| {
        let _ = error.print();
        output::complain(settings.explain(&error.to_string()).trim_start());
        std::process::exit(error.exit_code())
    });
    match cli {
        // A program has exit codes of its own.
        Cli {
            command: Command::Program(program),
        } => program.run().into(),
        cli => run(cli, &settings, &mut Output::stdout())
            .unwrap_or_else(|failure| failure.explained(&settings).report())
            .into(),
    }
}

fn run(cli: Cli, settings: &Settings, output: &mut Output) -> Result<Exit, Failure> {
    match cli.command {
        Command::Run(run) => run.run(output),
        Command::Up(up) => up.run(),
        Command::Place(place) => place.run(output),
        Command::Lint(lint) => lint.run(output),
        Command::Plan(plan) => plan.run(output),
        Command::Explain(explain) => explain.run(output),
        Command::Schema(schema) => schema.run(output),
        Command::Report(report) => report.run(output),
        Command::Repro(repro) => repro.run(output),
        Command::Search(search) => search.run(output),
        Command::Matrix(matrix) => matrix.run(output),
        Command::Doctor(doctor) => doctor.run(output),
        Command::Config(config) => config.run(&Cli::command(), settings, output),
        Command::Completions(completions) => completions.run(&mut Cli::command(), output),
        Command::Node(node) => node.run(output),
        Command::Program(program) => {
            program.run();
            Ok(Exit::Passed)
        }
        Command::Gc(gc) => gc.run(output),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_ci;
#[cfg(test)]
mod tests_oracle;
