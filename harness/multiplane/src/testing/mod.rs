//! Worlds for Rust tests: clusters, deployments and verdicts of the scenario language, with clients for everything else.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use multiplane::testing::{World, WorldError};
//! # async fn test() -> Result<(), WorldError> {
//! let world = World::before("scenarios/guide/project-and-domain", "submit").await?;
//! world.run("- submit: {id: s, workflow: example.training_workflow, project: team1, domain: development, inputs: {hyperparameters: {C: 0.1}}}").await?;
//! world.expect_placement("s").on("dataplane_1").hold(Duration::from_secs(600)).await?;
//! # Ok(()) }
//! ```
//!
//! In a runtime whose clock is paused (`#[tokio::test(start_paused = true)]`) time is virtual, as in `multiplane run`. As an rstest fixture, a
//! world is three lines; `tests/worlds.rs` shows it. When a step fails, the error is what the console of `multiplane run` prints, with the table
//! of executions and clusters. A world is gone when it is dropped.

mod engine;
mod placement;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;
use kube::Client;
use serde_json::Value;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::run::Plan;
use engine::Command;
pub use placement::ExpectPlacement;

/// A world of embedded clusters for a test.
pub struct World {
    /// The scenario so far, with every step that was asked for.
    scenario: Mutex<(PathBuf, Value)>,
    clients: IndexMap<String, Client>,
    commands: mpsc::Sender<Command>,
}

/// Why a world did not do what it was asked for.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The scenario, or a step, is not valid; every mistake with its place.
    #[error("{0}")]
    Invalid(String),
    /// There is no such scenario file.
    #[error(transparent)]
    Discover(#[from] scenario::discover::DiscoverError),
    /// Not one scenario.
    #[error("{count} scenarios below {path}; name one", path = path.display())]
    Several {
        /// What was named.
        path: PathBuf,
        /// How many there are.
        count: usize,
    },
    /// The scenario has no step of a verb.
    #[error("{path} has no `{verb}` step", path = path.display())]
    NoStep {
        /// The scenario.
        path: PathBuf,
        /// The verb.
        verb: String,
    },
    /// A step failed, as the console tells it.
    #[error("{0}")]
    Failed(String),
    /// The scenario has no cluster of this id.
    #[error("there is no cluster `{0}`")]
    NoCluster(String),
    /// The world has ended: its runtime is shut down, or it panicked.
    #[error("the world has ended")]
    Gone,
}

impl World {
    /// Brings up the clusters of a scenario (its folder or file) and runs its steps before the first `submit` or `expect`.
    ///
    /// # Errors
    /// If the scenario is not valid, or a step fails.
    pub async fn of(path: impl AsRef<Path>) -> Result<Self, WorldError> {
        let plan = Self::plan(path.as_ref())?;
        let set_up = plan.loaded.scenario.set_up().len();
        Self::start(plan, set_up).await
    }

    /// As [`World::of`], with all steps before the first one of a verb: before `submit`, Flyte is ready for work.
    ///
    /// # Errors
    /// As [`World::of`], and if no step has the verb.
    pub async fn before(path: impl AsRef<Path>, verb: &str) -> Result<Self, WorldError> {
        let path = path.as_ref();
        let plan = Self::plan(path)?;
        let steps = &plan.loaded.scenario.steps;
        let Some(set_up) = steps.iter().position(|step| step.verb.name() == verb) else {
            return Err(WorldError::NoStep {
                path: path.to_owned(),
                verb: verb.to_owned(),
            });
        };
        Self::start(plan, set_up).await
    }

    fn plan(path: &Path) -> Result<Plan, WorldError> {
        let files = scenario::discover::discover(&[path.to_owned()])?;
        let [file] = files.as_slice() else {
            return Err(WorldError::Several {
                path: path.to_owned(),
                count: files.len(),
            });
        };
        Plan::new(file, None, "test").map_err(|invalid| WorldError::Invalid(invalid.to_string()))
    }

    /// As [`World::of`], for a scenario's text; its paths count from `folder`.
    ///
    /// # Errors
    /// As [`World::of`].
    pub async fn of_text(folder: impl AsRef<Path>, text: &str) -> Result<Self, WorldError> {
        let plan = Plan::of_text(&folder.as_ref().join(scenario::FILE_NAME), text, None, "test");
        let plan = plan.map_err(|invalid| WorldError::Invalid(invalid.to_string()))?;
        let set_up = plan.loaded.scenario.set_up().len();
        Self::start(plan, set_up).await
    }

    async fn start(mut plan: Plan, set_up: usize) -> Result<Self, WorldError> {
        plan.loaded.scenario.steps.truncate(set_up);
        let tree = serde_json::to_value(&plan.loaded.scenario).map_err(|error| WorldError::Invalid(error.to_string()))?;
        let scenario = Mutex::new((plan.loaded.scenario.file.clone(), tree));
        let (commands, asked) = mpsc::channel(1);
        let (ready, up) = oneshot::channel();
        tokio::spawn(engine::run(plan, ready, asked));
        let clients = up.await.map_err(|_| WorldError::Gone)??;
        Ok(Self {
            scenario,
            clients,
            commands,
        })
    }

    /// A client of one of the clusters, as its administrator.
    ///
    /// # Errors
    /// If there is no such cluster.
    pub fn client(&self, cluster: &str) -> Result<Client, WorldError> {
        let client = self.clients.get(cluster).cloned();
        client.ok_or_else(|| WorldError::NoCluster(cluster.to_owned()))
    }

    /// Runs steps: a list in the scenario language. Paths count from the scenario's folder, and names of earlier steps are known.
    ///
    /// # Errors
    /// If a step is not valid, then none runs; or the first one that fails.
    pub async fn run(&self, steps: &str) -> Result<(), WorldError> {
        let steps = yaml::strict::from_str(steps).map_err(|error| WorldError::Invalid(error.to_string()))?;
        self.perform(steps).await
    }

    /// Demands where the executions of an earlier `submit` run: see [`ExpectPlacement`].
    pub fn expect_placement(&self, submit: &str) -> ExpectPlacement<'_> {
        ExpectPlacement::new(self, submit)
    }

    async fn perform(&self, more: Value) -> Result<(), WorldError> {
        let steps = self.checked(more)?;
        let (reply, done) = oneshot::channel();
        self.commands.send(Command { steps, reply }).await.map_err(|_| WorldError::Gone)?;
        done.await.map_err(|_| WorldError::Gone)?
    }

    /// The steps, checked as a part of the whole scenario, of which they are from now on.
    fn checked(&self, more: Value) -> Result<Vec<scenario::Step>, WorldError> {
        let mut scenario = self.scenario.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, tree) = &mut *scenario;
        let mut longer = tree.clone();
        let Some(steps) = longer["steps"].as_array_mut() else {
            return Err(WorldError::Invalid("a scenario has steps".to_owned()));
        };
        let before = steps.len();
        match more {
            Value::Array(more) => steps.extend(more),
            one => steps.push(one),
        }
        let plan = Plan::of_text(file, &yaml::emit::document(&longer), None, "test");
        let mut plan = plan.map_err(|invalid| WorldError::Invalid(invalid.to_string()))?;
        *tree = longer;
        Ok(plan.loaded.scenario.steps.split_off(before))
    }
}
