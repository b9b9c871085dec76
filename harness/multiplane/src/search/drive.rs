//! Makes a history happen in a world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use embedded_cluster::{Disturbance, Disturbed};
use flyte::client::{ClientError, Submission, Target};
use flyte::placement::{Attributes, ClusterConfig, Request, Selector};
use futures::future::try_join_all;
use serde::Serialize;
use simnet::Rule;
use tokio::time::{Instant, sleep, sleep_until};
use tonic::Code;

use super::history::{Action, Effect, Fault, History, Program, Timed, Way};
use super::objects::{ADMIN, HOME, NAMESPACE, PROPELLER, SYNC};
use super::world::{DOMAIN, PROJECT, World, WorldError};

/// Pause of a user between two tries.
const AGAIN: Duration = Duration::from_secs(15);
/// How often a user tries to submit.
const SUBMITS: u32 = 8;
/// How often a user tries to terminate: for longer than anything is broken.
const TERMINATES: u32 = 80;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// Milliseconds of the world's time after it was up.
    pub at: u64,
    /// What.
    pub what: String,
}

/// What is known of an execution that a user submitted.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// How often it was asked for.
    pub(super) tries: u32,
    /// Whether flyteadmin said that it is there.
    pub(super) accepted: bool,
    /// Where the rules place it, by each configuration in force while it was asked for.
    pub(super) allowed: BTreeSet<String>,
    /// Whether flyteadmin said that it is terminated.
    pub(super) terminated: bool,
    /// Whether the user is done with submitting it.
    done: bool,
}

/// A history while it happens.
pub(super) struct Drive<'a> {
    world: &'a World,
    history: &'a History,
    begun: Instant,
    asked: Mutex<BTreeMap<String, Asked>>,
    projects: Mutex<BTreeSet<String>>,
    trace: Mutex<Vec<Happened>>,
}

impl<'a> Drive<'a> {
    pub(super) fn new(world: &'a World, history: &'a History) -> Self {
        Self {
            world,
            history,
            begun: Instant::now(),
            asked: Mutex::default(),
            projects: Mutex::new(BTreeSet::from([PROJECT.to_owned()])),
            trace: Mutex::default(),
        }
    }

    /// Lets everything happen; returns when all is mended and every user has an answer.
    pub(super) async fn run(&self) -> Result<(), WorldError> {
        try_join_all(self.history.actions.iter().map(|timed| self.happen(timed))).await?;
        Ok(())
    }

    /// Executions by name.
    pub(super) fn asked(&self) -> BTreeMap<String, Asked> {
        lock(&self.asked).clone()
    }

    /// Projects that must have namespaces.
    pub(super) fn projects(&self) -> BTreeSet<String> {
        lock(&self.projects).clone()
    }

    /// What happened so far. What happened in the same millisecond has no order of its own.
    pub(super) fn trace(&self) -> Vec<Happened> {
        let mut trace = lock(&self.trace).clone();
        trace.sort_by(|one, other| (one.at, &one.what).cmp(&(other.at, &other.what)));
        trace
    }

    /// Writes down what happened.
    pub(super) fn note(&self, what: impl Into<String>) {
        let at = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        lock(&self.trace).push(Happened { at, what: what.into() });
    }

    async fn happen(&self, timed: &Timed) -> Result<(), WorldError> {
        sleep_until(self.begun + Duration::from_secs(timed.at)).await;
        match &timed.action {
            Action::Submit { name, label, long, retry } => self.submit(name, *label, *long, *retry).await,
            Action::Terminate { name } => self.terminate(name).await,
            Action::Project { id } => {
                self.world.project(id).await?;
                self.note(format!("project {id} is there"));
                lock(&self.projects).insert(id.clone());
                Ok(())
            }
            Action::Relabel { label, plane } => {
                self.note(format!("label{label} is to lead to dataplane_{plane}"));
                self.world
                    .configure(|placement| {
                        if let Some(entry) = label.checked_sub(1).and_then(|index| placement.labels.get_mut(index)) {
                            *entry = *plane;
                        }
                    })
                    .await?;
                self.note(format!("label{label} leads to dataplane_{plane}"));
                Ok(())
            }
            Action::Restart(program) => {
                let (client, name) = match program {
                    Program::Admin => (self.world.home.cluster().client(), ADMIN),
                    Program::Sync => (self.world.home.cluster().client(), SYNC),
                    Program::Propeller(plane) => (self.world.plane(*plane)?.member.cluster().client(), PROPELLER),
                };
                self.note(format!("{name} is killed"));
                World::kill(client, name).await
            }
            Action::EndWatches { plane } => {
                let which = disturbed(PROPELLER);
                drop(self.world.plane(*plane)?.member.cluster().disturb(which, Disturbance::EndWatches));
                self.note(format!("watches of flytepropeller end in dataplane_{plane}"));
                Ok(())
            }
            Action::Fault { seconds, fault } => {
                self.note(format!("broken: {fault:?}"));
                let seen = self.fault(fault, Duration::from_secs(*seconds)).await?;
                self.note(format!("mended: {fault:?}{seen}"));
                Ok(())
            }
        }
    }

    async fn submit(&self, name: &str, label: Option<usize>, long: bool, retry: bool) -> Result<(), WorldError> {
        let label = label.map(|label| format!("label{label}"));
        let submission = Submission {
            project: PROJECT.to_owned(),
            domain: DOMAIN.to_owned(),
            name: name.to_owned(),
            target: Target::LaunchPlan(if long { "long" } else { "quick" }.to_owned()),
            version: Some("v1".to_owned()),
            label: label.clone(),
            ..Submission::default()
        };
        let request = Request {
            project: PROJECT.to_owned(),
            domain: DOMAIN.to_owned(),
            workflow: if long { "long" } else { "quick" }.to_owned(),
            name: name.to_owned(),
            label,
            parent_label: None,
        };
        for attempt in 1..=SUBMITS {
            let sent = self.world.now();
            let answer = self.world.admin.submit(&submission).await;
            let allowed = self.allowed(&request, sent)?;
            let text = answer.as_ref().map_or_else(said, |_| "OK".to_owned());
            self.note(format!("{name} is submitted: {text}"));
            // That it is there already says that an earlier try came through.
            let there = attempt > 1 && answer.as_ref().err().and_then(ClientError::code) == Some(Code::AlreadyExists);
            let accepted = answer.is_ok() || there;
            let last = accepted || !retry || attempt == SUBMITS;
            {
                let mut all = lock(&self.asked);
                let asked = all.entry(name.to_owned()).or_default();
                asked.tries = attempt;
                asked.accepted = accepted;
                asked.allowed.extend(allowed);
                asked.done = last;
            }
            if last {
                break;
            }
            sleep(AGAIN).await;
        }
        Ok(())
    }

    /// Where a request that was sent then, and has an answer now, may be placed.
    fn allowed(&self, request: &Request, sent: Duration) -> Result<Vec<String>, WorldError> {
        let mut clusters = Vec::new();
        for placement in self.world.in_force(sent, self.world.now()) {
            let broken = |why: String| WorldError(format!("the configuration cannot be used: {why}"));
            let config = ClusterConfig::from_section(&placement.section()).map_err(|error| broken(error.to_string()))?;
            let selector = Selector::new(config).map_err(|error| broken(error.to_string()))?;
            if let Ok(decision) = selector.place(&Attributes::default(), request) {
                clusters.push(decision.cluster);
            }
        }
        Ok(clusters)
    }

    async fn terminate(&self, name: &str) -> Result<(), WorldError> {
        // Nobody terminates what may not be there yet.
        let known = || lock(&self.asked).get(name).filter(|asked| asked.done).map(|asked| asked.accepted);
        while known().is_none() {
            if self.history.actions.iter().all(|timed| !submits(timed, name)) {
                return Ok(());
            }
            sleep(Duration::from_secs(1)).await;
        }
        if known() != Some(true) {
            return Ok(());
        }
        for _ in 0..TERMINATES {
            let answer = self.world.admin.terminate(&World::id(name), "search").await;
            let text = answer.as_ref().map_or_else(said, |()| "OK".to_owned());
            self.note(format!("{name} is terminated: {text}"));
            match answer {
                Ok(()) => {
                    lock(&self.asked).entry(name.to_owned()).or_default().terminated = true;
                    break;
                }
                // It has ended by itself, or is not recorded: nothing that another try would change.
                Err(error) if matches!(error.code(), Some(Code::FailedPrecondition | Code::NotFound)) => break,
                Err(_) => sleep(AGAIN).await,
            }
        }
        Ok(())
    }

    /// Breaks something for some time; tells what was seen of it, where only that tells whether it bit.
    async fn fault(&self, fault: &Fault, during: Duration) -> Result<String, WorldError> {
        let world = self.world;
        match *fault {
            Fault::Traffic { plane, way, effect } => {
                let id = world.plane(plane)?.id.as_str();
                let ways: &[(&str, &str)] = match way {
                    Way::Both => &[(HOME, id), (id, HOME)],
                    Way::ToPlane => &[(HOME, id)],
                    Way::FromPlane => &[(id, HOME)],
                };
                let effect = match effect {
                    Effect::Refused => simnet::Effect::Refuse,
                    Effect::Dropped => simnet::Effect::Drop,
                    Effect::Late => simnet::Effect::Delay(Duration::from_secs(2)),
                };
                let rule = |(from, to): &(&str, &str)| Rule {
                    from: Some((*from).to_owned()),
                    to: Some((*to).to_owned()),
                    effect,
                };
                let rules: Vec<_> = ways.iter().map(|way| world.network.rules().add(rule(way))).collect();
                sleep(during).await;
                for rule in rules {
                    world.network.rules().remove(rule);
                }
            }
            Fault::Errors {
                plane,
                propeller,
                code,
                percent,
            } => {
                let which = disturbed(if propeller { PROPELLER } else { ADMIN });
                let rate = f64::from(percent) / 100.0;
                let disturbing = world
                    .plane(plane)?
                    .member
                    .cluster()
                    .disturb(which, Disturbance::Error { code, rate });
                sleep(during).await;
                let (seen, disturbed) = disturbing.counts();
                return Ok(format!(", {disturbed} of {seen} requests"));
            }
            Fault::TokenRevoked { plane } => {
                world.revoke(plane).await?;
                sleep(during).await;
                world.renew(plane).await?;
            }
            Fault::TokenSpoilt { plane, truncated } => {
                world.spoil(plane, Some(truncated)).await?;
                sleep(during).await;
                world.spoil(plane, None).await?;
            }
            Fault::Disabled { plane } => {
                let until = Instant::now() + during;
                world
                    .configure(|placement| {
                        // flyteadmin does not start without any.
                        if placement.disabled.len() + 1 < placement.labels.len() {
                            placement.disabled.insert(plane);
                        }
                    })
                    .await?;
                sleep_until(until).await;
                world
                    .configure(|placement| {
                        placement.disabled.remove(&plane);
                    })
                    .await?;
            }
            Fault::Crash { at, times } => {
                let crashing = world.home.crash_points().arm(virtual_node::Crash {
                    namespace: NAMESPACE.to_owned(),
                    labels: BTreeMap::from([("app".to_owned(), ADMIN.to_owned())]),
                    point: at.as_str().to_owned(),
                    times,
                });
                sleep(during).await;
                return Ok(format!(", {} kills", crashing.kills()));
            }
        }
        Ok(String::new())
    }
}

fn submits(timed: &Timed, wanted: &str) -> bool {
    matches!(&timed.action, Action::Submit { name, .. } if name == wanted)
}

fn disturbed(account: &str) -> Disturbed {
    Disturbed {
        user: format!("system:serviceaccount:{NAMESPACE}:{account}"),
        verbs: Vec::new(),
        resources: Vec::new(),
    }
}

/// What flyteadmin, or the way to it, said.
fn said(error: &ClientError) -> String {
    error.code().map_or_else(|| error.to_string(), |code| format!("{code:?}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
