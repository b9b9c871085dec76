//! `multiplane report`.

use std::path::{Path, PathBuf};

use clap::Args;
use multiplane::exit::Exit;
use multiplane::journal::{Fold, Record, Source, merge, read};
use multiplane::report::{Console, Detail, junit, summary};

use super::exit::Failure;
use super::output::{Output, write_file};

/// Makes one report from journals: of a run that was killed, of the parts of a suite, of the cells of a matrix.
///
/// The exit code is the lowest of all runs that is not 0: 130 for a journal without an end, 3 if several parts of a suite are given and
/// others are missing. A scenario that is in two journals on the same backend and in the same cell is an error (2).
#[derive(Args)]
pub(crate) struct Report {
    /// The journals.
    #[arg(required = true, value_name = "JOURNAL")]
    journals: Vec<PathBuf>,
    /// Writes a JUnit report.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes the results as JSON; `-` is the standard output, which then carries nothing else.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Tells details of each step.
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,
    /// Tells only of what failed, and the sum.
    #[arg(long, short)]
    quiet: bool,
}

impl Report {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let sources = self.journals.iter().map(|path| {
            let path = path.clone();
            read(&path).map(|records| Source { path, records })
        });
        let sources = sources
            .collect::<Result<Vec<Source>, _>>()
            .map_err(|error| Failure::invalid(format!("error: {error}")))?;
        let merged = merge(sources).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        if self.json.as_deref() != Some(Path::new("-")) {
            let mut console = Console::stdout(self.detail());
            merged.records.iter().for_each(|record| console.record(record));
        }
        write_reports(self.junit.as_deref(), self.json.as_deref(), &merged.records, output)?;
        for remark in &merged.remarks {
            super::output::complain(&format!("warning: {remark}"));
        }
        Ok(merged.exit)
    }

    fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
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
