//! `multiplane run`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use multiplane::exit::Exit;
use multiplane::journal::{Event, Fold, Journal, Outcome, Record};
use multiplane::report::{Console, Detail};
use multiplane::run::{Finished, Partition, Pins, Plan, Suite, suite, suite_exit};

use super::backend::BackendArgs;
use super::exit::Failure;
use super::output::{Output, cannot_write};
use super::report::Reports;
use super::signals::Signals;

/// Runs scenarios: every `scenario.yaml` below the paths.
#[derive(Args)]
pub(crate) struct Run {
    /// Folders or scenario files.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    backend: BackendArgs,
    /// Holds part of the world fixed: `kubernetes=VERSION` for every cluster whose scenario names no version, `vars.NAME=VALUE` for a
    /// scenario's variable, `set.RELEASE.PATH=VALUE` for a chart's value, `longest-hold=DURATION` for expectations that hold longer (in
    /// real time, ten minutes are ten minutes). May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    matrix: Vec<String>,
    /// Runs part I of N of the scenarios, dealt out by name: the same part on every machine, each scenario in one part.
    /// `multiplane report` joins the parts' journals.
    #[arg(long, value_name = "I/N")]
    partition: Option<Partition>,
    /// Seed of all randomness, in place of each scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Scenarios that run at the same time [default: one for each core; one on kind and existing clusters].
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Ends the run after so many seconds of real time [default: 600; 7200 where clusters are outside of this process].
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Writes every event to this file, one JSON object a line, as it happens.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    reports: Reports,
    /// Tells details of each step.
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,
    /// Tells only of what failed, and the sum.
    #[arg(long, short)]
    quiet: bool,
}

/// Keeps all records, for the reports that are written at the end.
#[derive(Clone, Default)]
struct Keep(std::sync::Arc<std::sync::Mutex<Vec<Record>>>);

impl Fold for Keep {
    fn record(&mut self, record: &Record) {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(record.clone());
    }
}

impl Run {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let timeout = self.timeout.unwrap_or(if self.backend.is_outside() { 7200 } else { 600 });
        let signals = Signals::watch(Duration::from_secs(timeout))?;
        let run = run_id();
        let files = scenario::discover::discover(&self.paths).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        let plans = self.plans(&files, &run)?;
        self.backend.refuse(&plans)?;
        let jobs = self.backend.jobs(self.jobs)?;
        let backend = self.backend.begin(&run, &plans, &signals)?;
        let kept = Keep::default();
        let journal = match Journal::new(run, self.journal.as_deref(), self.folds(&kept)) {
            Ok(journal) => journal,
            Err(error) => {
                backend.end()?;
                return Err(cannot_write(self.journal.as_deref().unwrap_or(Path::new("-")), &error));
            }
        };
        let suited = Suite {
            provider: backend.provider(),
            jobs,
            stop: signals.stop(),
            partition: self.partition,
        };
        let Finished { outcomes, left } = suite(&plans, &suited, &journal);
        let clean = backend.end()? && left.is_empty();
        let timed_out = signals.timed_out() && outcomes.contains(&Outcome::Interrupted);
        let exit = match signals.exit() {
            Some(exit) => exit,
            None if timed_out => Exit::Environment,
            None => suite_exit(&outcomes),
        };
        let exit = if clean { exit } else { exit.and(Exit::CleanUp) };
        journal.emit(Event::RunFinished { exit: exit as u8 });
        if let Some(error) = journal.write_error() {
            return Err(cannot_write(self.journal.as_deref().unwrap_or(Path::new("-")), &error));
        }
        let records = kept.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.reports.write(&records, output)?;
        if timed_out {
            super::output::complain(&format!("error: the run took longer than --timeout {timeout}"));
        }
        Ok(exit)
    }

    /// What is to run here. All scenarios must be valid, also those of other parts: a part must not depend on which machine looks.
    fn plans(&self, files: &[PathBuf], run: &str) -> Result<Vec<Plan>, Failure> {
        let pins = Pins::parse(self.matrix.iter().map(String::as_str)).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        let mut plans = plans(files, self.seed, run)?;
        pins.apply(&mut plans)
            .map_err(|error| Failure::invalid(format!("error: {error}")))?;
        let Some(partition) = self.partition else { return Ok(plans) };
        let all = plans.len();
        let part = partition.select(plans, Plan::name);
        if part.is_empty() {
            super::output::complain(&format!(
                "partition {partition} of {all} scenarios is empty: nothing to run, which is a pass"
            ));
        }
        Ok(part)
    }

    fn folds(&self, kept: &Keep) -> Vec<Box<dyn Fold>> {
        let detail = match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        };
        let mut folds: Vec<Box<dyn Fold>> = Vec::new();
        if !self.reports.take_stdout() {
            folds.push(Box::new(Console::stdout(detail)));
        }
        if self.reports.are_wanted() {
            folds.push(Box::new(kept.clone()));
        }
        folds
    }
}

/// All scenarios, or everything that is wrong with any of them.
fn plans(files: &[PathBuf], seed: Option<u64>, run: &str) -> Result<Vec<Plan>, Failure> {
    let mut plans = Vec::new();
    let mut faults = Vec::new();
    for file in files {
        match Plan::new(file, seed, run) {
            Ok(plan) => plans.push(plan),
            Err(invalid) => faults.push(invalid.to_string()),
        }
    }
    let mut names: Vec<&str> = plans.iter().map(Plan::name).collect();
    names.sort_unstable();
    faults.extend(
        names
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| format!("error: two scenarios are called {:?}", pair[0])),
    );
    if faults.is_empty() {
        Ok(plans)
    } else {
        Err(Failure::invalid(faults.join("\n")))
    }
}

/// Unique enough to tell runs apart on one machine, and sortable by time.
pub(super) fn run_id() -> String {
    let now = simnet::Clock::real().now();
    format!("{}-{}", now.strftime("%Y%m%dt%H%M%S"), std::process::id())
}
