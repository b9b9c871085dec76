//! `multiplane report`.

use std::path::{Path, PathBuf};

use clap::Args;
use multiplane::exit::Exit;
use multiplane::journal::{Event, Fold, Record, read};
use multiplane::report::{Console, Detail, junit, summary};

use super::exit::Failure;
use super::output::{Output, write_file};

/// Makes reports from a journal, also from one of a run that was killed.
#[derive(Args)]
pub(crate) struct Report {
    /// The journal.
    journal: PathBuf,
    /// Writes a JUnit report.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes the results as JSON; `-` is the standard output, which then carries nothing else.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Tells details of each step.
    #[arg(long, short)]
    verbose: bool,
}

impl Report {
    /// The exit code is that of the run; 130 if the journal has no end.
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let records = read(&self.journal).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        if self.json.as_deref() != Some(Path::new("-")) {
            let mut console = Console::stdout(if self.verbose { Detail::Verbose } else { Detail::Normal });
            records.iter().for_each(|record| console.record(record));
        }
        write_reports(self.junit.as_deref(), self.json.as_deref(), &records, output)?;
        let exit = records.iter().rev().find_map(|record| match record.event {
            Event::RunFinished { exit } => Some(exit),
            _ => None,
        });
        match exit {
            Some(exit) => Ok(Exit::from_code(exit)),
            None => {
                super::output::complain("the journal has no end: the run was interrupted");
                Ok(Exit::Interrupted)
            }
        }
    }
}

/// Writes the reports that are asked for.
pub(crate) fn write_reports(
    junit_file: Option<&Path>,
    json_file: Option<&Path>,
    records: &[Record],
    output: &mut Output,
) -> Result<(), Failure> {
    if let Some(file) = junit_file {
        let text = junit(records).map_err(|error| Failure::fault(format!("error: cannot make the JUnit report: {error}")))?;
        write_file(file, &text)?;
    }
    match json_file {
        Some(file) if file == Path::new("-") => output.json(&summary(records)),
        Some(file) => write_file(file, &(serde_json::to_string_pretty(&summary(records))? + "\n")),
        None => Ok(()),
    }
}
