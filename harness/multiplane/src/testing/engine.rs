//! The task that owns a test's world: a scenario whose steps come one by one.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use kube::Client;
use scenario::Step;
use tokio::sync::{mpsc, oneshot};

use super::WorldError;
use crate::backend::{Cluster, Embedded, Time, World};
use crate::journal::Journal;
use crate::report::{Console, Detail};
use crate::run::step::fault::FaultsInForce;
use crate::run::{Context, Plan, create, step};
use crate::verdict::Witness;
use flyte::stores::Stores;

/// Steps to run, and where to say how it went.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) steps: Vec<Step>,
    pub(super) reply: oneshot::Sender<Result<(), WorldError>>,
}

/// Brings the world up, tells when it is, and runs what is asked for until nobody can ask any more.
pub(super) async fn run(
    plan: Plan,
    ready: oneshot::Sender<Result<IndexMap<String, Client>, WorldError>>,
    mut asked: mpsc::Receiver<Command>,
) {
    let told = Told::default();
    let failed = |error: &dyn std::fmt::Display| WorldError::Failed(error.to_string());
    let begun = Embedded::new(Time::Virtual, plan.seed, &Stores::new()).map_err(|error| failed(&error));
    let journal = Journal::new(plan.run.clone(), None, vec![Box::new(Console::plain(told.clone(), Detail::Normal))]);
    let (world, journal) = match (begun, journal) {
        (Ok(world), Ok(journal)) => (world, journal),
        (Err(error), _) => return drop(ready.send(Err(error))),
        (_, Err(error)) => return drop(ready.send(Err(failed(&error)))),
    };
    // One scenario: the console tells of each step at once.
    journal.begin(1, None);
    let emitter = journal.scenario(plan.name(), world.clock().clone());
    let faults = FaultsInForce::default();
    emitter.emit(plan.started(world.capabilities().backend));
    let clusters = match create(&plan, &world, &emitter).await {
        Ok(clusters) => clusters,
        Err(error) => return drop(ready.send(Err(failed(&error)))),
    };
    let clients = clusters.iter().map(|(id, cluster)| (id.clone(), cluster.client())).collect();
    let witness = Witness::start(clusters.values().map(|cluster: &Arc<dyn Cluster>| (cluster.id(), cluster.client())));
    let mut context = Context::new(&plan, &world, clusters, witness, emitter.clone(), faults.clone());
    let mut next = 0;
    let set_up = perform(&mut context, &plan.loaded.scenario.steps, &mut next, &told).await;
    if ready.send(set_up.map(|()| clients)).is_ok() {
        while let Some(Command { steps, reply }) = asked.recv().await {
            let result = perform(&mut context, &steps, &mut next, &told).await;
            // Who asked may have been dropped: what was asked for is done all the same.
            let _ = reply.send(result);
        }
    }
    faults.heal_all(&emitter).await;
}

/// Runs steps until one fails.
async fn perform(context: &mut Context<'_>, steps: &[Step], next: &mut usize, told: &Told) -> Result<(), WorldError> {
    for step in steps {
        let index = *next;
        *next += 1;
        let result = step::run_step(context, index, step).await;
        let text = told.take();
        result.map_err(|_| WorldError::Failed(text))?;
    }
    Ok(())
}

/// What the console has told since it was last asked.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    fn take(&self) -> String {
        let text = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
