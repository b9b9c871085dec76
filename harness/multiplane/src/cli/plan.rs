//! `multiplane plan`.

use std::path::PathBuf;

use clap::Args;
use multiplane::exit::Exit;

use super::exit::Failure;
use super::held::Held;
use super::output::Output;

/// Tells what a run would do, without doing it.
#[derive(Args)]
pub(crate) struct PlanCommand {
    /// Folders or scenario files.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    held: Held,
}

impl PlanCommand {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let files = scenario::discover::discover(&self.paths).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        for plan in self.held.plans(&files, None, "plan", Ok)? {
            let scenario = &plan.loaded.scenario;
            output.line(format!("{}  ({}, seed {})", plan.name(), scenario.file.display(), plan.seed))?;
            for (id, cluster) in &scenario.clusters {
                output.line(format!("  cluster {id}: {:?}, {} nodes", cluster.role, cluster.nodes).to_lowercase())?;
            }
            for (index, title) in plan.titles().iter().enumerate() {
                output.line(format!("  {:>3}. {title}", index + 1))?;
            }
        }
        Ok(Exit::Passed)
    }
}
