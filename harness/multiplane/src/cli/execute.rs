//! Doing a run: what `run` and `repro` share.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use multiplane::exit::Exit;
use multiplane::journal::{Event, Fold, Journal, Kept, Outcome, Record};
use multiplane::report::{Console, Detail, Live};
use multiplane::run::{Finished, Partition, Plan, Suite, suite, suite_exit};

use super::backend::BackendArgs;
use super::exit::Failure;
use super::output::{Output, cannot_write, complain};
use super::pause::pause;
use super::report::{Reports, Telling};
use super::signals::Signals;

/// How a run is done, and told of.
#[derive(Args)]
pub(crate) struct Execution {
    #[command(flatten)]
    pub(crate) backend: BackendArgs,
    /// Scenarios that run at the same time [default: one for each core; one on clusters of binaries, kind and k3s and on existing ones].
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Ends the run after so many seconds of real time [default: 600; 7200 where clusters are outside of this process].
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Runs a scenario again, up to so many times, if its environment failed in a way that is known to pass (a connection that was reset or
    /// refused). What was tried again is told [default: 1 where clusters are outside of this process, else 0].
    #[arg(long, value_name = "N")]
    retries: Option<usize>,
    /// Holds the clusters when a step fails, with the commands to look at them, until Enter. The scenarios run one after the other, on embedded
    /// clusters too in real time, and without --timeout for as long as they take.
    #[arg(long)]
    pause_on_failure: bool,
    /// Writes every event to this file, one JSON object a line, as it happens.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Does not show on a terminal what is under way; plain lines as elsewhere.
    #[arg(long)]
    no_progress: bool,
    #[command(flatten)]
    reports: Reports,
    #[command(flatten)]
    telling: Telling,
}

/// A run that was done.
pub(crate) struct Done {
    pub(crate) exit: Exit,
    /// All that happened, if it was to be kept.
    pub(crate) records: Vec<Record>,
}

impl Execution {
    /// Starts to listen to signals, and the timeout.
    pub(crate) fn signals(&self) -> Result<Signals, Failure> {
        let for_a_person = self.pause_on_failure && self.timeout.is_none();
        Signals::watch(if for_a_person {
            Duration::MAX
        } else {
            Duration::from_secs(self.seconds())
        })
    }

    fn seconds(&self) -> u64 {
        self.timeout.unwrap_or(if self.backend.is_real() { 7200 } else { 600 })
    }

    /// How many scenarios may run at the same time, if that is said.
    fn jobs(&self, plans: usize) -> Result<Option<NonZeroUsize>, Failure> {
        match self.jobs {
            Some(jobs) if self.pause_on_failure && jobs.get() > 1 && plans > 1 => Err(Failure::invalid(
                "error: --pause-on-failure: one scenario at a time can be looked at; leave --jobs out",
            )),
            _ if self.pause_on_failure => Ok(Some(NonZeroUsize::MIN)),
            jobs => Ok(jobs),
        }
    }

    fn retries(&self) -> Result<usize, Failure> {
        match (self.retries, self.backend.is_outside()) {
            (Some(1..), false) => Err(Failure::invalid(
                "error: --retries: what happens on embedded clusters happens again; leave it out",
            )),
            (retries, outside) => Ok(retries.unwrap_or(usize::from(outside))),
        }
    }

    /// Whether the standard output is for a report alone.
    pub(crate) fn takes_stdout(&self) -> bool {
        self.reports.take_stdout()
    }

    /// Runs the plans as run `id`, tells of them, and writes the reports. Records are kept for those, and for a caller that asks to `keep` them.
    pub(crate) fn run(
        &self,
        plans: &[Plan],
        id: String,
        partition: Option<Partition>,
        signals: &Signals,
        keep: bool,
        output: &mut Output,
    ) -> Result<Done, Failure> {
        self.reports.check()?;
        self.backend.refuse(plans)?;
        let (jobs, retries) = (self.backend.jobs(self.jobs(plans.len())?)?, self.retries()?);
        let mut plans = plans.to_vec();
        for plan in &mut plans {
            plan.options.splice(..0, self.backend.options());
            plan.overtime = signals.overtime();
        }
        if self.pause_on_failure {
            plans.iter_mut().for_each(|plan| plan.pause = Some(pause()));
        }
        let plans = plans.as_slice();
        let backend = self.backend.begin(&id, plans, signals)?;
        let kept = Kept::default();
        let unwritten = |error: &std::io::Error| cannot_write(self.journal.as_deref().unwrap_or(Path::new("-")), error);
        let journal = match Journal::new(
            id,
            self.journal.as_deref(),
            self.folds(Some(&kept).filter(|_| keep || self.reports.are_wanted()), signals),
        ) {
            Ok(journal) => journal,
            Err(error) => {
                backend.end()?;
                return Err(unwritten(&error));
            }
        };
        let suited = Suite {
            provider: backend.provider(),
            jobs,
            retries,
            stop: signals.stop(),
            partition,
        };
        let Finished { outcomes, left } = suite(plans, &suited, &journal);
        let clean = backend.end()? && left.is_empty();
        let timed_out = signals.timed_out()
            && outcomes
                .iter()
                .any(|outcome| matches!(outcome, Outcome::Interrupted | Outcome::Environment));
        let exit = match signals.exit() {
            Some(exit) => exit,
            None if timed_out => Exit::Environment,
            None => suite_exit(&outcomes),
        };
        let exit = if clean { exit } else { exit.and(Exit::CleanUp) };
        journal.emit(Event::RunFinished { exit: exit as u8 });
        if let Some(error) = journal.write_error() {
            return Err(unwritten(&error));
        }
        let records = kept.records();
        self.reports.write(&records, output)?;
        if let Some(why) = signals.overtime().why().filter(|_| timed_out) {
            complain(&format!("error: {why}"));
        }
        Ok(Done { exit, records })
    }

    fn folds(&self, kept: Option<&Kept>, signals: &Signals) -> Vec<Box<dyn Fold>> {
        let detail = self.telling.detail();
        let mut folds: Vec<Box<dyn Fold>> = Vec::new();
        if let Some(kept) = kept {
            folds.push(Box::new(kept.clone()));
        }
        if self.takes_stdout() {
            return folds;
        }
        let github = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        // Who holds a run to look at it types in the terminal.
        let still = self.no_progress || self.pause_on_failure || detail == Detail::Quiet;
        match if still { None } else { Live::on_terminal() } {
            Some(live) => {
                signals.tell_above(&live);
                folds.push(Box::new(Console::above(&live, detail).names_command(true).github(github)));
                folds.push(Box::new(live));
            }
            None => folds.push(Box::new(Console::stdout(detail).names_command(true).github(github))),
        }
        folds
    }
}

/// Unique enough to tell runs apart on one machine, and sortable by time.
pub(super) fn run_id() -> String {
    let now = simnet::Clock::real().now();
    format!("{}-{}", now.strftime("%Y%m%dt%H%M%S"), std::process::id())
}
