//! `multiplane report`.

use std::path::{Path, PathBuf};

use clap::Args;
use multiplane::exit::Exit;
use multiplane::journal::{Fold, Record, Source, merge, read};
use multiplane::report::{Console, Detail, html, junit, summary};

use super::exit::Failure;
use super::output::{Output, check_file, write_file};

/// Makes one report from journals: of a run that was killed, of the parts of a suite, of the cells of a matrix.
///
/// The exit code is the lowest of all runs that is not 0: 130 for a journal without an end, 3 if several parts of a suite are given and
/// others are missing. A scenario that is in two journals on the same backend and in the same cell is an error (2).
#[derive(Args)]
pub(crate) struct Report {
    /// The journals.
    #[arg(required = true, value_name = "JOURNAL")]
    journals: Vec<PathBuf>,
    #[command(flatten)]
    reports: Reports,
    #[command(flatten)]
    telling: Telling,
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
        if !self.reports.take_stdout() {
            let mut console = Console::stdout(self.telling.detail()).names_command(true);
            merged.records.iter().for_each(|record| console.record(record));
        }
        self.reports.write(&merged.records, output)?;
        for remark in &merged.remarks {
            super::output::complain(&format!("warning: {remark}"));
        }
        Ok(merged.exit)
    }
}

/// How much the console tells.
#[derive(Args)]
pub(crate) struct Telling {
    /// Tells details of each step.
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,
    /// Tells only of what failed, and the sum.
    #[arg(long, short)]
    quiet: bool,
}

impl Telling {
    pub(crate) fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }
}

/// Reports that are written once the run has ended.
#[derive(Args)]
pub(crate) struct Reports {
    /// Writes a JUnit report.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes a page for people: what failed and why, the world with its executions, a time line. One file that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Writes the results as JSON; `-` is the standard output, which then carries nothing else.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Reports {
    /// Whether there is any to write.
    pub(crate) fn are_wanted(&self) -> bool {
        self.junit.is_some() || self.html.is_some() || self.json.is_some()
    }

    /// Finds out before a run whether they can be written: after it, it is late.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let files = [&self.junit, &self.html].into_iter().flatten();
        files
            .chain(self.json.iter().filter(|_| !self.take_stdout()))
            .try_for_each(|file| check_file(file))
    }

    /// Whether the standard output is for one of them alone.
    pub(crate) fn take_stdout(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    pub(crate) fn write(&self, records: &[Record], output: &mut Output) -> Result<(), Failure> {
        if let Some(file) = &self.junit {
            let text = junit(records).map_err(|error| Failure::fault(format!("error: cannot make the JUnit report: {error}")))?;
            write_file(file, &text)?;
        }
        if let Some(file) = &self.html {
            write_file(file, &html(records))?;
        }
        match &self.json {
            Some(_) if self.take_stdout() => output.json(&summary(records)),
            Some(file) => write_file(file, &(serde_json::to_string_pretty(&summary(records))? + "\n")),
            None => Ok(()),
        }
    }
}
