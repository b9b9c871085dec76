//! `multiplane up`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use multiplane::exit::Exit;
use multiplane::journal::{Journal, Kept};
use multiplane::report::{Console, Detail};
use multiplane::run::Plan;
use multiplane::up::{Down, UpError, up};

use super::backend::BackendArgs;
use super::execute::run_id;
use super::exit::Failure;
use super::held::{Held, fetch};
use super::output::complain;
use super::signals::Signals;

/// Holds a world in real time, for kubectl, helm and other programs, until Ctrl-C or SIGTERM.
///
/// Runs the scenario's steps before its first submit or expect. Writes DIR/kubeconfigs/<cluster>.yaml, DIR/env.json and, last, DIR/ready.
#[derive(Args)]
pub(crate) struct Up {
    /// The scenario's folder or file.
    #[arg(required_unless_present = "clusters", conflicts_with = "clusters")]
    scenario: Option<PathBuf>,
    /// Empty clusters with these ids, instead of a scenario.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    clusters: Vec<String>,
    /// Nodes of each of them. Without any, pods stay Pending, unless you play the kubelet.
    #[arg(long, value_name = "N", requires = "clusters", default_value_t = 1)]
    nodes: u32,
    #[command(flatten)]
    backend: BackendArgs,
    /// Where the files for other programs go.
    #[arg(long, value_name = "DIR", default_value = "multiplane-world")]
    dir: PathBuf,
    #[command(flatten)]
    held: Held,
    /// Seed of all randomness, in place of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Up {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let signals = Signals::watch(Duration::MAX)?;
        let run = run_id();
        let mut plan = self.plan(&run)?;
        fetch(std::slice::from_mut(&mut plan))?;
        self.backend.refuse(std::slice::from_ref(&plan))?;
        let backend = self.backend.begin(&run, std::slice::from_ref(&plan), &signals)?;
        let kept = Kept::default();
        let journal = Journal::new(run, None, vec![Box::new(kept.clone()), Box::new(Console::stdout(Detail::Normal))])?;
        complain(&format!(
            "bringing {} up; {} will say when",
            plan.name(),
            self.dir.join("ready").display()
        ));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let Down { held, left } = runtime.block_on(up(&plan, &backend.provider(), &self.dir, (&journal, &kept), &signals.stop()));
        let clean = backend.end()? && left.is_empty();
        let exit = match held {
            // A world that is told to end has done its work.
            Ok(()) => Exit::Passed,
            Err(error @ UpError::Step(..)) => Failure::failed(format!("error: {error}")).report(),
            Err(error @ UpError::Fault) => Failure::fault(format!("error: {error}")).report(),
            Err(error) => Failure::environment(format!("error: {error}")).report(),
        };
        Ok(if clean { exit } else { exit.and(Exit::CleanUp) })
    }

    fn plan(&self, run: &str) -> Result<Plan, Failure> {
        let invalid = |invalid: scenario::Invalid| Failure::invalid(invalid.to_string());
        let Some(path) = &self.scenario else {
            return Plan::of_text(Path::new("--clusters"), &self.empty(), self.seed, run).map_err(invalid);
        };
        let files =
            scenario::discover::discover(std::slice::from_ref(path)).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        if files.len() > 1 {
            let message = format!("error: {} scenarios below {}; name one", files.len(), path.display());
            return Err(Failure::invalid(message));
        }
        let cells = self.held.plans(&files, self.seed, run, Ok)?;
        <[Plan; 1]>::try_from(cells).map(|[plan]| plan).map_err(|cells| {
            let cells: Vec<String> = cells.iter().map(|cell| format!("\n  {}", cell.loaded.words())).collect();
            Failure::invalid(format!("error: the matrix has {} cells; name one:{}", cells.len(), cells.concat()))
        })
    }

    /// A scenario of nothing but clusters.
    fn empty(&self) -> String {
        let mut text = "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: up}\nclusters:\n".to_owned();
        for id in &self.clusters {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "  {id}: {{role: other, nodes: {}}}", self.nodes);
        }
        text + "steps:\n  - wait: {for: 0s}\n"
    }
}
