//! `multiplane repro`.

use std::path::{Path, PathBuf};

use clap::Args;
use multiplane::capsule::{Opened, Shrunk, shrink};
use multiplane::exit::Exit;
use multiplane::journal::Record;
use multiplane::report::{Ending, FailedStep, endings};
use multiplane::run::Plan;

use super::execute::{Done, Execution, run_id};
use super::exit::Failure;
use super::output::{Output, complain};
use super::record::failure;

/// Runs the scenario of a capsule again, and tells whether it ends as recorded.
///
/// The exit code is that of the run: 1 if an expectation failed again, 0 if it passed.
#[derive(Args)]
pub(crate) struct Repro {
    /// The capsule, made by `multiplane run --record`.
    #[arg(value_name = "CAPSULE")]
    capsule: PathBuf,
    /// Runs the steps up to this one only: its number, as in `multiplane plan`.
    #[arg(long, value_name = "STEP")]
    until: Option<usize>,
    /// Seed of all randomness, in place of the recorded one.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Does not run it once, but looks for a smaller scenario that still fails in the same way, prints it, and writes its capsule to FILE.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["until", "seed", "backend"])]
    shrink: Option<PathBuf>,
    /// Lays the scenario's files out in this folder instead, to be looked at and changed. The folder must be new.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["until", "seed", "backend", "shrink"])]
    unpack: Option<PathBuf>,
    #[command(flatten)]
    execution: Execution,
}

impl Repro {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let signals = self.execution.signals()?;
        let capsule = Opened::open(&self.capsule).map_err(failure)?;
        if capsule.about.version != env!("CARGO_PKG_VERSION") {
            complain(&format!(
                "warning: recorded with multiplane {}, this is {}: draws may differ",
                capsule.about.version,
                env!("CARGO_PKG_VERSION")
            ));
        }
        if let Some(folder) = &self.unpack {
            return unpack(capsule, folder, output);
        }
        if let Some(file) = &self.shrink {
            let shrunk = shrink(&capsule, &signals.stop()).map_err(failure)?;
            let exit = smaller(shrunk, &capsule, file, output)?;
            return Ok(signals.exit().unwrap_or(exit));
        }
        let id = run_id();
        let mut plan = capsule.plan(self.seed, &id).map_err(failure)?;
        if let Some(until) = self.until {
            self.cut(&mut plan, until)?;
            plan.options = vec!["--until".to_owned(), until.to_string()];
        }
        let Done { exit, records } = self.execution.run(std::slice::from_ref(&plan), id, None, &signals, true, output)?;
        if !self.execution.takes_stdout() {
            output.line(self.compared(&capsule.about.ending, &plan, &records))?;
        }
        Ok(exit)
    }

    fn cut(&self, plan: &mut Plan, until: usize) -> Result<(), Failure> {
        let all = plan.titles();
        if until == 0 || until > all.len() {
            let steps: Vec<String> = all
                .iter()
                .enumerate()
                .map(|(index, title)| format!("  {:>3}. {title}", index + 1))
                .collect();
            return Err(Failure::invalid(format!(
                "error: --until {until}: the scenario has the steps\n{}",
                steps.join("\n")
            )));
        }
        plan.loaded.scenario.steps.truncate(until);
        Ok(())
    }

    /// The run beside the recorded one, in a sentence or two.
    fn compared(&self, recorded: &Ending, plan: &Plan, records: &[Record]) -> String {
        let Some(now) = endings(records).remove(plan.name()) else {
            return "not reproduced: the scenario did not begin".to_owned();
        };
        let reaches = recorded
            .failure
            .as_ref()
            .is_none_or(|failure| failure.step <= plan.loaded.scenario.steps.len());
        match (recorded.fails_like(&now), reaches) {
            (_, false) => format!("recorded: {}; not reached here", told(recorded)),
            (true, true) if recorded.seen == now.seen => format!("reproduced: {}, as recorded", told(&now)),
            (true, true) => format!("reproduced: {}; executions have other names or clusters than recorded", told(&now)),
            (false, true) => format!("not reproduced: {} here; recorded: {}", told(&now), told(recorded)),
        }
    }
}

fn told(ending: &Ending) -> String {
    match &ending.failure {
        Some(FailedStep { step, title, code, .. }) => format!("step {step} ({title}) failed with {code}"),
        None => format!("{:?}", ending.outcome).to_lowercase(),
    }
}

fn unpack(capsule: Opened, folder: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let (scenario, charts) = capsule.lay_out(folder).map_err(failure)?;
    let command = format!("multiplane run {}", scenario.display());
    output.line(match charts {
        Some(cache) => format!("XDG_CACHE_HOME={} {command}", cache.display()),
        None => command,
    })?;
    Ok(Exit::Passed)
}

fn smaller(shrunk: Option<Shrunk>, capsule: &Opened, file: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let Some(shrunk) = shrunk else {
        return Err(Failure::failed(format!(
            "error: nothing to shrink: on embedded clusters the scenario does not end as recorded ({})",
            told(&capsule.about.ending)
        )));
    };
    let (now, before) = shrunk.steps;
    output.line(shrunk.text.trim_end())?;
    shrunk.ingredients.write(file, &shrunk.records).map_err(failure)?;
    complain(&format!(
        "{now} of {before} steps still fail in the same way ({} runs): multiplane repro {}",
        shrunk.tries,
        file.display()
    ));
    Ok(Exit::Passed)
}
