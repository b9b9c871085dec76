//! `always`, `never` and `relax`: conditions that are watched while other steps run.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{BoxFuture, join_all};
use kube::api::{DynamicObject, ListParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::reflector;
use kube::runtime::watcher::{Event, watcher};
use scenario::Verb;
use scenario::verb::{Invariant, Relax};
use serde_json::Value;
use simnet::Clock;
use tokio::time::timeout;
use virtual_node::Pause;

use super::apply::resolve;
use super::expect::resources::{Selection, Watched};
use super::expect::{Demand, condition, patience};
use super::failure::Failure;
use super::joint::on_each;
use crate::run::context::Context;

/// Conditions that are active. They make progress only while [`Self::broken`] is awaited.
#[derive(Default)]
pub(crate) struct Active(Vec<Condition>);

/// A condition in one cluster.
struct Condition {
    id: String,
    watch: Arc<Watch>,
    watching: Watching,
}

/// A condition's watch. Never locked: it only makes what steps share fit for any thread.
type Watching = Mutex<BoxFuture<'static, Failure>>;

impl Active {
    /// Waits until one of them is broken; for ever, if none is.
    pub(crate) async fn broken(&mut self) -> Failure {
        poll_fn(|wakes| {
            let watches = self
                .0
                .iter_mut()
                .map(|condition| condition.watching.get_mut().unwrap_or_else(PoisonError::into_inner));
            let mut found = watches.map(|watch| watch.as_mut().poll(wakes));
            found.find(Poll::is_ready).unwrap_or(Poll::Pending)
        })
        .await
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does something while the conditions are watched. The outer error is a condition that broke.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let work = pin!(work);
        tokio::select! {
            biased;
            broken = self.broken() => Err(broken),
            done = work => Ok(done),
        }
    }

    /// Asks the clusters how things are now: the watches may not have been told yet. A cluster that does not answer for so long says nothing.
    pub(crate) async fn look(&mut self, limit: Duration) -> Result<(), Failure> {
        let watches: Vec<Arc<Watch>> = self.0.iter().map(|condition| condition.watch.clone()).collect();
        let looks = join_all(watches.iter().map(async |watch| timeout(limit, watch.look()).await.ok().flatten()));
        let found = self.during(looks).await?;
        found.into_iter().flatten().next().map_or(Ok(()), Err)
    }

    /// Takes others in.
    pub(crate) fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Which of the two verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sense {
    Always,
    Never,
}

/// Runs an `always` or a `never` step: waits until the condition holds, and watches it from then on.
pub(crate) async fn begin(context: &mut Context<'_>, step: &Invariant, sense: Sense) -> Result<(), Failure> {
    let demand = demand(context, step, sense)?;
    let selection = Selection::from(step);
    let labels = step
        .selector
        .as_ref()
        .map_or(String::new(), |labels| format!(" with {}", labels.value));
    let patience = patience(context, step.within, None);
    on_each(&step.on, async |cluster| {
        selection
            .expect(&context.kinds(cluster)?, cluster, &demand, &patience)
            .await
            .map(drop)
    })
    .await?;
    for cluster in step.on.iter() {
        let kinds = context.kinds(&cluster.value)?;
        let watch = Arc::new(Watch {
            watched: selection.watched(&kinds).await?,
            cluster: cluster.value.clone(),
            demand: demand.clone(),
            what: format!("{}: {}{labels}", named(context, step), selection.what()),
            clock: context.world.clock().clone(),
        });
        context.active.0.push(Condition {
            id: step.id.value.clone(),
            watching: Mutex::new(Box::pin(watch.clone().until_broken())),
            watch,
        });
    }
    Ok(())
}

/// The condition as the file has it: its verb, its name and its line.
fn named(context: &Context<'_>, step: &Invariant) -> String {
    let id = &step.id;
    let its = |verb: &Verb| matches!(verb, Verb::Always(other) | Verb::Never(other) if other.id.value == id.value);
    let written = context.scenario().steps.iter().find(|step| its(&step.verb));
    let (verb, line) = written.map_or(("condition", id.span.line), |step| (step.verb.name(), step.span.line));
    format!("{verb} {} (line {line})", id.value)
}

/// Runs a `relax` step.
pub(crate) fn relax(active: &mut Active, step: &Relax) {
    active
        .0
        .retain(|condition| !step.of.iter().any(|relaxed| relaxed.value == condition.id));
}

fn demand(context: &Context<'_>, step: &Invariant, sense: Sense) -> Result<Demand, Failure> {
    let fields = step.matches.clone().map(Value::Object);
    let fields = fields.map(|fields| resolve(&fields, &context.names)).transpose()?;
    Ok(match (sense, fields, &step.cel, step.count) {
        (Sense::Always, Some(fields), ..) => Demand::Matches(fields),
        (Sense::Always, _, Some(text), _) => Demand::Holds(condition(text)?),
        (Sense::Always, _, _, count) => Demand::Count(count.unwrap_or_default() as usize),
        (Sense::Never, Some(fields), ..) => Demand::NoneMatches(fields),
        (Sense::Never, _, Some(text), _) => Demand::NoneHolds(condition(text)?),
        (Sense::Never, ..) => Demand::Absent,
    })
}

/// A condition on the objects of one cluster.
struct Watch {
    watched: Watched,
    cluster: String,
    demand: Demand,
    what: String,
    clock: Clock,
}

impl Watch {
    /// How it is broken, by what is there now.
    async fn look(&self) -> Option<Failure> {
        let config = &self.watched.config;
        let which = ListParams {
            label_selector: config.label_selector.clone(),
            field_selector: config.field_selector.clone(),
            ..ListParams::default()
        };
        let objects = self.watched.api.list(&which).await.ok()?;
        let objects: Vec<Arc<DynamicObject>> = objects.items.into_iter().map(Arc::new).collect();
        self.judge(&objects)
    }

    fn judge(&self, objects: &[Arc<DynamicObject>]) -> Option<Failure> {
        let why = self.demand.check(&self.cluster, objects).err()?;
        let now = self.clock.now();
        Some(Failure::expectation(
            "invariant-broken",
            format!("{} on {} at {now}: {why}", self.what, self.cluster),
        ))
    }

    async fn until_broken(self: Arc<Self>) -> Failure {
        let (objects, writer) = self.watched.store();
        let mut events = pin!(reflector(
            writer,
            watcher(self.watched.api.clone(), self.watched.config.clone()).backoff(Pause::default())
        ));
        loop {
            match events.next().await {
                Some(Ok(Event::InitDone | Event::Apply(_) | Event::Delete(_))) => {}
                // What cannot be reached says nothing; the watch begins again by itself.
                Some(_) => continue,
                None => return Failure::environment("api-watch", format!("{}: the watch ended for good", self.cluster)),
            }
            if let Some(broken) = self.judge(&objects.state()) {
                return broken;
            }
        }
    }
}
