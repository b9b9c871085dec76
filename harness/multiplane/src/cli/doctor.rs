//! `multiplane doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use multiplane::doctor::{Examination, Level, Planned, Target, examine, host};
use multiplane::exit::Exit;
use multiplane::run::Plan;
use scenario::Given;
use serde_json::json;

use super::backend::Backend;
use super::exit::Failure;
use super::output::Output;

/// Checks what this machine can run: Docker, kind, limits, memory, disk, ports; and tells how to mend what is missing.
///
/// With scenarios, their Kubernetes versions and the largest number of clusters count. Exit code 0 if embedded clusters work, which need
/// nothing installed; 3 if they do not, or if a backend named with --backend cannot run.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Folders or scenario files that are to run here.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A backend that must work; may be given several times.
    #[arg(long, value_enum, value_name = "BACKEND")]
    backend: Vec<Wanted>,
    /// Prints the checks, and the facts behind them, as JSON.
    #[arg(long)]
    json: bool,
}

/// Backends that a machine can be made ready for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    Embedded,
    Binaries,
    Container,
    Kind,
    K3s,
    Existing,
}

impl Wanted {
    fn target(self) -> Target {
        match self {
            Self::Embedded => Target::Embedded,
            Self::Binaries => Target::Binaries,
            Self::Container => Target::Container,
            Self::Kind => Target::Kind,
            Self::K3s => Target::K3s,
            Self::Existing => Target::Existing,
        }
    }
}

impl Doctor {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let facts = host::facts(self.planned()?);
        let built: Vec<String> = Backend::value_variants()
            .iter()
            .filter(|backend| backend.is_built())
            .map(|backend| backend.name())
            .collect();
        let examination = examine(&facts, &built);
        if self.json {
            output.json(&json!({"checks": examination.checks, "backends": examination.backends, "facts": facts}))?;
        } else {
            print(&examination, output)?;
        }
        let wanted = self.backend.iter().map(|wanted| wanted.target());
        let out: Vec<&str> = std::iter::once(Target::Embedded)
            .chain(wanted)
            .filter(|target| !examination.usable(*target))
            .map(Target::name)
            .collect();
        if out.is_empty() {
            return Ok(Exit::Passed);
        }
        super::output::complain(&format!("error: cannot run here: {}", out.join(", ")));
        Ok(Exit::Environment)
    }

    /// The largest of the scenarios, and all versions that they ask for.
    fn planned(&self) -> Result<Planned, Failure> {
        let mut planned = Planned::default();
        if self.paths.is_empty() {
            return Ok(planned);
        }
        let files = scenario::discover::discover(&self.paths).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        let plans = files.iter().map(|file| Plan::all(file, None, &Given::of("doctor")));
        let plans: Result<Vec<Vec<Plan>>, _> = plans.collect();
        for plan in plans
            .map_err(|invalid| Failure::invalid(invalid.to_string()))?
            .into_iter()
            .flatten()
        {
            let clusters = &plan.loaded.scenario.clusters;
            let versions = clusters.values().filter_map(|cluster| cluster.kubernetes.as_ref());
            planned.kubernetes.extend(versions.map(|version| version.value.clone()));
            let size = |nodes: u32| if nodes > 1 { u64::from(nodes) + 1 } else { 1 };
            let nodes = clusters.values().map(|cluster| size(cluster.nodes)).sum();
            if (clusters.len() as u64, nodes) > (planned.clusters, planned.nodes) {
                (planned.clusters, planned.nodes) = (clusters.len() as u64, nodes);
                planned.scenario = Some(plan.name().to_owned());
            }
        }
        planned.kubernetes.sort();
        planned.kubernetes.dedup();
        Ok(planned)
    }
}

fn print(examination: &Examination, output: &mut Output) -> Result<(), Failure> {
    let word = |level: Level| match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "FAIL",
    };
    // As wide as the longest name, whichever checks there are: output of two machines can be compared.
    for check in &examination.checks {
        let backends: Vec<&str> = check.backends.iter().map(|backend| backend.name()).collect();
        let text = format!("{}: {} [{}]", check.found, check.means, backends.join(", "));
        output.line(format!("{:4}  {:10}  {text}", word(check.level), check.id))?;
        if let Some(mend) = &check.mend {
            output.line(format!("      mend: {mend}"))?;
        }
    }
    output.line("")?;
    for readiness in &examination.backends {
        let mut because: Vec<String> = readiness.because.iter().map(|id| format!("see {id}")).collect();
        if !readiness.in_this_build {
            because.push("this build of multiplane does not have it; `cargo build -p multiplane --features docker` does".to_owned());
        }
        let text = if because.is_empty() {
            "can run here".to_owned()
        } else {
            format!("cannot run: {}", because.join(", "))
        };
        output.line(format!("backend {:9}  {text}", readiness.backend.name()))?;
    }
    Ok(())
}
