//! `multiplane search`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use clap::Args;
use multiplane::exit::Exit;
use multiplane::search::{Broken, Found, History, Limits, Planes, Ran, WorldError, run, search, shrink};
use serde::Serialize;

use super::exit::Failure;
use super::output::{Output, complain, write_file};
use super::signals::Signals;

/// A search ends by itself; only a user ends it early.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How many histories are looked for without a limit given.
const HISTORIES: u64 = 100;

/// Searches for what breaks: random histories of users, operators and faults, in virtual time, with the reference planes.
///
/// Of each history must hold: no execution is lost without a FAILED record; none is in two clusters, unless upstream would; terminating reaches
/// the cluster that holds it; namespaces converge after healing; no credential is used against another cluster. A history is the same for the
/// same seed. Known faults of upstream are switched off where flyteadmin has a switch, and counted where it has none.
#[derive(Args)]
pub(crate) struct Search {
    /// How many data planes the worlds have, as a number or a range; small worlds are the most common.
    #[arg(long, value_name = "N..M", default_value = "5..50", value_parser = planes)]
    planes: Planes,
    /// Seed of the first history; the next have the next numbers.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many histories; 100 unless --for is given.
    #[arg(long, value_name = "N")]
    histories: Option<u64>,
    /// How long to search, in real time, as `60s`.
    #[arg(long = "for", value_name = "DURATION")]
    time: Option<scenario::Duration>,
    /// Makes the first history that breaks something smaller, as long as it breaks the same.
    #[arg(long)]
    shrink: bool,
    /// Leaves flyteadmin's switches off: the faults of upstream are found, too.
    #[arg(long)]
    upstream: bool,
    /// Histories at the same time; as many as there are processors without it.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Runs the one history in this file, as --save wrote it, and tells what happens in it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "histories", "time", "upstream", "jobs"])]
    history: Option<PathBuf>,
    /// Writes the history that breaks something, the smallest one found, to this file.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Tells what happens in every history.
    #[arg(long)]
    trace: bool,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
}

/// What JSON shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    histories: u64,
    /// Histories that broke something.
    broken: &'a [Broken],
    /// Histories that could not be judged.
    failed: &'a [(u64, String)],
    /// The smallest history that breaks the same as the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    smallest: Option<&'a History>,
    /// With --trace: histories with what happened in them, by seed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    traces: Vec<(u64, Ran)>,
}

impl Search {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let signals = Signals::watch(NEVER)?;
        if let Some(file) = &self.history {
            return self.again(file, output);
        }
        let traces: Mutex<Vec<(u64, Ran)>> = Mutex::default();
        let each = |history: &History, ran: &Result<Ran, WorldError>| {
            if let (true, Ok(ran)) = (self.trace, ran)
                && let Ok(mut traces) = traces.lock()
            {
                traces.push((history.seed, ran.clone()));
            }
        };
        let found = search(&self.limits(), &signals.stop(), &each);
        let stopped = signals.stop();
        let mut smallest = found.broken.first().map(|broken| broken.history.clone());
        let mut tries = 0;
        if let (true, Some(broken)) = (self.shrink, found.broken.first()) {
            let invariant = broken.violations[0].invariant;
            let (history, tried) = shrink(&broken.history, invariant, &|| !stopped.is_cancelled());
            (smallest, tries) = (Some(history), tried);
        }
        if let (Some(file), Some(history)) = (&self.save, &smallest) {
            write_file(file, &format!("{}\n", serde_json::to_string_pretty(history)?))?;
        }
        let mut traces = traces.into_inner().unwrap_or_default();
        traces.sort_by_key(|(seed, _)| *seed);
        if self.json {
            output.json(&Report {
                histories: found.histories,
                broken: &found.broken,
                failed: &found.failed,
                smallest: smallest.as_ref().filter(|_| self.shrink),
                traces,
            })?;
        } else {
            for (seed, ran) in &traces {
                output.line(format!("seed {seed}"))?;
                tell(ran, output)?;
            }
            self.summary(&found, output)?;
            if let (true, Some(history)) = (self.shrink, &smallest) {
                output.line(format!("\nthe smallest of {tries} that were tried ({}):", size(history)))?;
                lines(history, output)?;
                tell(&run(history).map_err(harness)?, output)?;
            }
        }
        if let Some(exit) = signals.exit() {
            return Ok(exit);
        }
        Ok(exit(&found))
    }

    fn limits(&self) -> Limits {
        let all = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Limits {
            seed: self.seed,
            histories: self.histories.or(self.time.is_none().then_some(HISTORIES)),
            time: self.time.map(scenario::Duration::get),
            planes: self.planes,
            upstream: self.upstream,
            jobs: self.jobs.unwrap_or(all),
        }
    }

    /// The history of a file.
    fn again(&self, file: &Path, output: &mut Output) -> Result<Exit, Failure> {
        let invalid = |why: String| Failure::invalid(format!("error: {}: {why}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| invalid(error.to_string()))?;
        let mut history: History = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        let mut ran = run(&history).map_err(harness)?;
        let invariant = ran.violations.first().map(|violation| violation.invariant);
        if let (true, Some(invariant)) = (self.shrink, invariant) {
            history = shrink(&history, invariant, &|| true).0;
            ran = run(&history).map_err(harness)?;
        }
        if let Some(save) = &self.save {
            write_file(save, &format!("{}\n", serde_json::to_string_pretty(&history)?))?;
        }
        if self.json {
            output.json(&ran)?;
        } else {
            lines(&history, output)?;
            tell(&ran, output)?;
        }
        Ok(if ran.violations.is_empty() { Exit::Passed } else { Exit::Failed })
    }

    fn summary(&self, found: &Found, output: &mut Output) -> Result<(), Failure> {
        let Planes { least, most } = self.planes;
        for broken in &found.broken {
            let seed = broken.history.seed;
            output.line(format!("FAILED  seed {seed} ({})", size(&broken.history)))?;
            for violation in &broken.violations {
                output.line(format!("        {}: {}", violation.invariant, violation.seen))?;
            }
            let upstream = if self.upstream { " --upstream" } else { "" };
            output.line(format!(
                "        again: multiplane search --seed {seed} --histories 1 --planes {least}..{most}{upstream} --trace --shrink"
            ))?;
        }
        for (seed, error) in &found.failed {
            complain(&format!("seed {seed}: cannot be judged: {error}"));
        }
        output.line(format!(
            "{} histories, {} data planes, {} h of the worlds' time in {}.{} s: {} a minute; {} broke something",
            found.histories,
            found.planes,
            found.seconds / 3600,
            found.millis / 1000,
            found.millis % 1000 / 100,
            found.histories * 60_000 / found.millis.max(1),
            found.broken.len(),
        ))?;
        Ok(())
    }
}

/// `5..50`, or one number.
fn planes(text: &str) -> Result<Planes, String> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| {
        text.parse::<usize>()
            .map_err(|_| format!("{text:?} is no number; give `5..50`, or `5`"))
    };
    let (least, most) = (number(least)?, number(most)?);
    if least == 0 || most < least || most > 200 {
        return Err("from 1 to 200 data planes, the smaller number first".to_owned());
    }
    Ok(Planes { least, most })
}

fn exit(found: &Found) -> Exit {
    let broken = if found.broken.is_empty() { Exit::Passed } else { Exit::Failed };
    let failed = if found.failed.is_empty() { Exit::Passed } else { Exit::Fault };
    broken.and(failed)
}

fn harness(error: WorldError) -> Failure {
    Failure::fault(format!("error: {error}"))
}

fn size(history: &History) -> String {
    format!("{} data planes, {} actions", history.planes, history.actions.len())
}

fn lines(history: &History, output: &mut Output) -> Result<(), Failure> {
    for timed in &history.actions {
        output.line(format!("  at {:3} s  {}", timed.at, serde_json::to_string(&timed.action)?))?;
    }
    Ok(())
}

fn tell(ran: &Ran, output: &mut Output) -> Result<(), Failure> {
    for happened in &ran.trace {
        output.line(format!("  {:5}.{:03} s  {}", happened.at / 1000, happened.at % 1000, happened.what))?;
    }
    Ok(())
}
