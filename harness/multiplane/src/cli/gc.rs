//! `multiplane gc`.

use clap::Args;
use multiplane::backend::existing::ExistingError;
use multiplane::backend::gc::{Act, RemoveError, Remover, Scope, collect};
use multiplane::backend::ledger::State;
use multiplane::backend::outside::Settings;
use multiplane::backend::process::Runner;
use multiplane::exit::Exit;

use super::exit::Failure;
use super::output::Output;

/// Removes what runs left behind that were killed: clusters, containers, networks, volumes, folders, and what they made in existing clusters.
///
/// Runs that are still alive are left alone.
#[derive(Args)]
pub(crate) struct Gc {
    /// Also removes what `--keep` kept.
    #[arg(long)]
    all: bool,
    /// Only tells what would be removed.
    #[arg(long)]
    dry_run: bool,
}

impl Gc {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let environment = |error: &dyn std::fmt::Display| Failure::environment(format!("error: {error}"));
        let state = State::from_env().map_err(|error| environment(&error))?;
        let docker = Settings::new(state.clone()).docker;
        let remover = Remover::new(Runner::default(), &docker);
        let scope = Scope {
            kept: self.all,
            dry_run: self.dry_run,
        };
        let mut told = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut written = Ok(());
        let clean = runtime.block_on(collect(&state, &remover, scope, &mut |act| {
            let line = line(&act);
            if written.is_ok() {
                written = output.line(&line);
            }
            told.push(line);
        }));
        let clean = clean.map_err(|error| environment(&error))?;
        written?;
        if told.is_empty() {
            output.line("nothing left behind")?;
        }
        Ok(if clean { Exit::Passed } else { Exit::CleanUp })
    }
}

fn line(act: &Act<'_>) -> String {
    match act {
        Act::Would(run, resource) => format!("run {run}: would remove {resource}"),
        Act::Removed(run, resource) => format!("run {run}: removed {resource}"),
        Act::Kept(run, resource) => format!("run {run}: {resource} is kept on purpose; --all removes it"),
        Act::Ended(run, pid) => format!("run {run}: ended process {pid}, which was still at work for it"),
        Act::Failed(run, _, RemoveError::Existing(error @ ExistingError::Differs { .. })) => format!("run {run}: {error}"),
        Act::Failed(run, resource, error) => format!("run {run}: {resource} could not be removed: {error}"),
    }
}
