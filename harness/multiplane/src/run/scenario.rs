//! One scenario, from its file to the verdict.

use futures::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::ends::Ends;
use super::names::Clusters;
use super::namespaces;
use super::plan::Plan;
use super::step;
use super::step::failure::Failure;
use super::step::fault::FaultsInForce;
use crate::backend::{BackendError, ClusterSpec, World};
use crate::journal::{Emitter, Event, Journal, Level, Outcome};
use crate::stopwatch::Stopwatch;
use crate::verdict::Witness;

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How.
    pub outcome: Outcome,
    /// Why, unless it passed.
    pub message: Option<String>,
}

impl Ran {
    fn plain(outcome: Outcome) -> Self {
        Self { outcome, message: None }
    }

    fn because(outcome: Outcome, message: String) -> Self {
        Self {
            outcome,
            message: Some(message),
        }
    }
}

/// Runs a scenario in a world and records what happens. `stop` ends it early, as interrupted.
pub async fn run_scenario(plan: &Plan, world: &dyn World, journal: &Journal, stop: &CancellationToken) -> Ran {
    let emitter = journal.scenario(plan.name(), world.clock().clone());
    let watch = Stopwatch::start();
    emitter.emit(plan.started(world.capabilities().backend));
    let faults = FaultsInForce::default();
    let ran = steps(plan, world, &emitter, &faults, &Ends::of(plan, stop)).await;
    let never = faults.heal_all(&emitter).await;
    let ran = match ran.outcome {
        // Whatever was shown, it was not shown under this fault.
        Outcome::Passed if !never.is_empty() => Ran::because(Outcome::Failed, format!("never bit: fault {}", never.join(", "))),
        _ => ran,
    };
    let ran = match &plan.quarantine {
        Some(standing) => Ran {
            outcome: standing.weigh(ran.outcome, &emitter),
            ..ran
        },
        None => ran,
    };
    let (millis, virtual_millis) = watch.read();
    emitter.emit(Event::ScenarioFinished {
        outcome: ran.outcome,
        millis,
        virtual_millis,
    });
    ran
}

/// Brings the clusters up, then runs the steps until one fails.
async fn steps(plan: &Plan, world: &dyn World, emitter: &Emitter, faults: &FaultsInForce, ends: &Ends) -> Ran {
    let created = tokio::select! {
        biased;
        end = ends.reached() => Err((end.outcome, format!("{} before all clusters were there", end.message))),
        created = create(plan, world, emitter) => created.map_err(|error| (Outcome::Environment, error.to_string())),
    };
    let clusters = match created {
        Ok(clusters) => clusters,
        Err((outcome, message)) => {
            emitter.note(Level::Warning, message.clone());
            return Ran::because(outcome, message);
        }
    };
    let witness = Witness::start(clusters.values().map(|cluster| (cluster.id(), cluster.client())));
    let mut context = Context::new(plan, world, clusters, witness, emitter.clone(), faults.clone());
    context.ends = ends.clone();
    for index in 0..plan.loaded.scenario.steps.len() {
        if let Err(failure) = step::run(&mut context, index).await {
            let looked = async {
                if let Some(pause) = &plan.pause {
                    pause.hold(&context, index, &failure).await;
                }
                if let Some(findings) = &plan.findings {
                    findings.collect(plan.name(), context.clusters(), &context.names.secrets).await;
                }
            };
            tokio::select! {
                biased;
                _ = ends.reached() => {}
                () = looked => {}
            }
            return Ran::because(failure.outcome, failure.message);
        }
    }
    Ran::plain(Outcome::Passed)
}

/// All clusters, side by side, in the file's order, with the scenario's own namespaces in them.
pub(crate) async fn create(plan: &Plan, world: &dyn World, emitter: &Emitter) -> Result<Clusters, BackendError> {
    let clusters = plan.loaded.scenario.clusters.iter().map(async |(id, cluster)| {
        let watch = Stopwatch::start();
        let spec = ClusterSpec::of(id, cluster);
        let created = world.create(&spec).await?;
        emitter.cluster(id).emit(Event::ClusterReady { millis: watch.read().0 });
        Ok((id.clone(), created))
    });
    let clusters = try_join_all(clusters).await?.into_iter().collect();
    namespaces::make(plan, &clusters, emitter).await?;
    Ok(clusters)
}

/// Times one step and records its end.
pub(crate) struct StepTimer {
    watch: Stopwatch,
    emitter: Emitter,
}

impl StepTimer {
    pub(crate) fn start(emitter: Emitter, verb: &str, title: String, line: usize) -> Self {
        emitter.emit(Event::StepStarted {
            verb: verb.to_owned(),
            title,
            line,
        });
        Self {
            watch: Stopwatch::start(),
            emitter,
        }
    }

    pub(crate) fn finish(self, result: &Result<(), Failure>) {
        let (millis, virtual_millis) = self.watch.read();
        let failure = result.as_ref().err();
        self.emitter.emit(Event::StepFinished {
            outcome: failure.map_or(Outcome::Passed, |failure| failure.outcome),
            code: failure.map(|failure| failure.code.to_owned()),
            message: failure.map(Failure::text),
            millis,
            virtual_millis,
        });
    }
}
