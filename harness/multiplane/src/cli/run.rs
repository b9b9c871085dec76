//! `multiplane run`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use multiplane::exit::Exit;
use multiplane::run::{Partition, Plan};
use scenario::Given;

use super::execute::{Done, Execution, run_id};
use super::exit::Failure;
use super::held::{Held, fetch};
use super::output::{Output, complain};
use super::record::{NO_RECORD, Recorder};
use super::select::Select;
use super::signals::Signals;
use super::watch::{inputs, real, stands_on, watch};

/// Runs scenarios: every `scenario.yaml` below the paths.
#[derive(Args)]
pub(crate) struct Run {
    /// Folders or scenario files.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    select: Select,
    #[command(flatten)]
    execution: Execution,
    #[command(flatten)]
    held: Held,
    /// Runs part I of N of the scenarios, dealt out by name: the same part on every machine, each scenario in one part.
    /// `multiplane report` joins the parts' journals.
    #[arg(long, value_name = "I/N")]
    partition: Option<Partition>,
    /// Leaves out what the backend cannot run, and tells why, in place of refusing all. If it can run nothing, that is refused.
    #[arg(long)]
    skip_unsupported: bool,
    /// Seed of all randomness, in place of each scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Writes a capsule: the scenario with its files, how it ended and, if a step failed, what the clusters held (without secrets); for
    /// `multiplane repro`. A folder (a path that is one, or ends in `/`) gets one for each scenario that does not pass. If nothing is said, those
    /// go to `capsules` in the folder of state (`MULTIPLANE_STATE`), which keeps the last twenty; `none` writes nothing.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Runs again whenever a file changes that scenarios stand on (their own, values, manifests, charts): those scenarios, until Ctrl-C. New
    /// scenarios below the paths are run, too. The exit code is that of the last run.
    #[arg(long, conflicts_with_all = ["timeout", "partition", "failed_in"])]
    watch: bool,
}

impl Run {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        if self.watch {
            return watch(self, output);
        }
        let signals = self.execution.signals()?;
        self.once(&signals, None, output)
    }

    /// One run; of what stands on `changed`, if that is given and anything does.
    pub(crate) fn once(&self, signals: &Signals, changed: Option<&BTreeSet<PathBuf>>, output: &mut Output) -> Result<Exit, Failure> {
        let id = run_id();
        let mut plans = self.plans(&self.discover()?, &id)?;
        if let Some(changed) = changed.filter(|changed| plans.iter().any(|plan| stands_on(plan, changed))) {
            plans.retain(|plan| stands_on(plan, changed));
        }
        if plans.is_empty() && self.partition.is_none() {
            complain("nothing failed in that run: nothing to run, which is a pass");
        }
        fetch(&mut plans)?;
        let recorder = match self.record.as_deref() {
            Some(path) if path == NO_RECORD => None,
            Some(path) => Some(Recorder::new(path, &mut plans)?),
            None => Recorder::of_failures(&mut plans, &id),
        };
        let Done { exit, records } = self
            .execution
            .run(&plans, id, self.partition, signals, recorder.is_some(), output)?;
        if let Some(recorder) = recorder {
            recorder.write(&records)?;
        }
        Ok(exit)
    }

    fn discover(&self) -> Result<Vec<PathBuf>, Failure> {
        scenario::discover::discover(&self.paths).map_err(|error| Failure::invalid(format!("error: {error}")))
    }

    /// The files and folders that the scenarios stand on. Of a scenario that is not valid, nobody knows: all that is beside it.
    pub(crate) fn files(&self) -> BTreeSet<PathBuf> {
        let found = self.discover().unwrap_or_default();
        let files = found.iter().flat_map(|file| match Plan::all(file, None, &Given::of("watch")) {
            Ok(plans) => plans.iter().flat_map(inputs).collect(),
            Err(_) => real(file).parent().map(Path::to_owned).into_iter().collect::<Vec<_>>(),
        });
        files.collect()
    }

    /// What is to run here. All scenarios must be valid, also those of other parts: a part must not depend on which machine looks.
    fn plans(&self, files: &[PathBuf], run: &str) -> Result<Vec<Plan>, Failure> {
        let mut plans = self.held.plans(files, self.seed, run, |plans| self.select.select(plans))?;
        if self.skip_unsupported && !plans.is_empty() {
            self.execution.backend.skip_unsupported(&mut plans)?;
        }
        let Some(partition) = self.partition else { return Ok(plans) };
        let all = plans.len();
        let part = partition.select(plans, Plan::name);
        if part.is_empty() {
            complain(&format!(
                "partition {partition} of {all} scenarios is empty: nothing to run, which is a pass"
            ));
        }
        Ok(part)
    }
}
