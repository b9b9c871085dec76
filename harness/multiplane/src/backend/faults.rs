//! Faults: one shape, `match -> verdict`, whatever makes them.
//!
//! Between clusters of this process a fault is rules of their network. A cluster on a machine of its own has [`Faults`], which befall the
//! machine as a whole. What a backend cannot make is told before the run.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use scenario::verb::{Fault, Flap, Match, Subject, Verdict};
use scenario::{Scenario, Verb};
use simnet::{Effect, Network, Rule, RuleId};
use tokio_util::task::AbortOnDropHandle;

use super::{BackendError, Cluster};

/// Faults of a cluster's machine.
pub trait Faults: Send + Sync {
    /// Cuts the machine off from the other clusters. The harness still reaches it.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn disconnect(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Brings the machine back.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn reconnect(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Stops everything on the machine where it is: connections stay open, and nobody answers.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn pause(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Lets it go on.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn resume(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Lets all that goes between the machine and the other clusters arrive this much later, in each direction. Zero mends it. The harness
    /// sees no delay.
    ///
    /// # Errors
    /// If the backend cannot do so, or a machine cannot be told.
    fn delay(&self, by: Duration) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Destroys the machine, and all that was on it, at once.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn delete(&self) -> BoxFuture<'_, Result<(), BackendError>>;
}

/// How a fault in a cluster is undone; tells what is there again.
pub(crate) type Undo = BoxFuture<'static, Result<String, String>>;

/// A fault that is in force.
pub(crate) enum InForce {
    /// Something done in a cluster.
    Undo(Undo),
    /// Something that bites when somebody comes its way: what was seen of it by now, which ends it; then how it is undone.
    Later(Box<dyn FnOnce() -> Result<String, String> + Send>, Undo),
    /// Rules of the network between clusters, which come and go until this is dropped.
    Flapping(AbortOnDropHandle<()>),
    /// Rules of the network between clusters.
    Rules(Network, Vec<RuleId>),
    /// Something done to a machine.
    Machine(Arc<dyn Cluster>, Verdict),
}

/// A way from one cluster to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

/// The ways that a fault befalls, in a world of these clusters.
pub(crate) fn ways<'a>(matches: &'a Match, clusters: impl Iterator<Item = &'a str>) -> Vec<Way<'a>> {
    let both = |one, other| [Way { from: one, to: other }, Way { from: other, to: one }];
    match (&matches.cluster, matches.between.as_slice(), &matches.from, &matches.to) {
        (Some(cluster), ..) => {
            let cluster = cluster.value.as_str();
            clusters
                .filter(|other| *other != cluster)
                .flat_map(|other| both(cluster, other))
                .collect()
        }
        (None, [one, other], ..) => both(&one.value, &other.value).into(),
        (None, _, Some(from), Some(to)) => vec![Way {
            from: &from.value,
            to: &to.value,
        }],
        _ => Vec::new(),
    }
}

/// Makes a fault of a network.
pub(crate) fn on_network(network: &Network, verdict: Verdict, ways: &[Way<'_>]) -> Result<InForce, &'static str> {
    let effect = match verdict {
        Verdict::Refuse => Effect::Refuse,
        Verdict::Drop => Effect::Drop,
        Verdict::Delay(by) => Effect::Delay(by.get()),
        Verdict::Flap(flap) => return Ok(flapping(network, flap, ways)),
        Verdict::Pause => return Err(NOT_IN_PROCESS),
        _ => return Err("no fault of traffic"),
    };
    let rule = |way: &Way<'_>| Rule {
        from: Some(way.from.to_owned()),
        to: Some(way.to.to_owned()),
        effect,
    };
    let rules = ways.iter().map(|way| network.rules().add(rule(way)));
    Ok(InForce::Rules(network.clone(), rules.collect()))
}

/// Refuses and lets through in turns, beginning at once.
fn flapping(network: &Network, flap: Flap, ways: &[Way<'_>]) -> InForce {
    let pairs: Vec<(String, String)> = ways.iter().map(|way| (way.from.to_owned(), way.to.to_owned())).collect();
    let network = network.clone();
    let mut refused = Refused::new(&network, &pairs);
    InForce::Flapping(AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            tokio::time::sleep(flap.down.get()).await;
            drop(refused);
            tokio::time::sleep(flap.up.get()).await;
            refused = Refused::new(&network, &pairs);
        }
    })))
}

/// Rules that are gone when this is.
struct Refused(Network, Vec<RuleId>);

impl Refused {
    fn new(network: &Network, pairs: &[(String, String)]) -> Self {
        let rules = pairs.iter().map(|(from, to)| {
            network.rules().add(Rule {
                from: Some(from.clone()),
                to: Some(to.clone()),
                effect: Effect::Refuse,
            })
        });
        Self(network.clone(), rules.collect())
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        for rule in &self.1 {
            self.0.rules().remove(*rule);
        }
    }
}

/// Makes a fault of a machine.
pub(crate) async fn on_machine(cluster: Arc<dyn Cluster>, verdict: Verdict) -> Result<InForce, BackendError> {
    let none = |what| BackendError::Fault {
        cluster: cluster.id().to_owned(),
        what,
        message: "its backend has no faults of machines".to_owned(),
    };
    let faults = cluster.faults().ok_or_else(|| none("make a fault"))?;
    match verdict {
        Verdict::Drop => faults.disconnect().await?,
        Verdict::Pause => faults.pause().await?,
        Verdict::Delay(by) => faults.delay(by.get()).await?,
        _ => return Err(none("make such a fault")),
    }
    Ok(InForce::Machine(cluster, verdict))
}

impl InForce {
    /// Mends it; tells what is there again, where that can be told at once.
    pub(crate) async fn heal(self) -> Result<Option<String>, BackendError> {
        match self {
            Self::Undo(undo) => return undo.await.map(Some).map_err(BackendError::NotMended),
            Self::Later(seen, undo) => {
                let seen = seen();
                let undone = undo.await.map_err(BackendError::NotMended)?;
                let seen = seen.map_err(BackendError::NeverBit)?;
                let all: Vec<String> = [seen, undone].into_iter().filter(|text| !text.is_empty()).collect();
                return Ok(Some(all.join("; ")));
            }
            Self::Flapping(task) => {
                task.abort();
                // Its rules go with it.
                let _ = task.await;
                Ok(())
            }
            Self::Rules(network, rules) => {
                for rule in rules {
                    network.rules().remove(rule);
                }
                Ok(())
            }
            Self::Machine(cluster, verdict) => match (cluster.faults(), verdict) {
                (Some(faults), Verdict::Drop) => faults.reconnect().await,
                (Some(faults), Verdict::Pause) => faults.resume().await,
                (Some(faults), Verdict::Delay(_)) => faults.delay(Duration::ZERO).await,
                _ => Ok(()),
            },
        }
        .map(|()| None)
    }
}

const NOT_IN_PROCESS: &str =
    "clusters of one process cannot stand still one by one; `drop` cuts one off, and --backend container pauses one";

/// What a backend makes of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// All faults of traffic.
    Traffic,
    /// Faults of traffic, and of programs and nodes of this process; not of API servers.
    Links,
    /// Faults of whole machines.
    Machines,
    /// None.
    Nothing,
}

impl Makes {
    fn against(self, fault: &Fault) -> Option<&'static str> {
        match (self, fault.verdict) {
            (Self::Links | Self::Machines | Self::Nothing, Verdict::Status(_) | Verdict::EndWatches) => {
                Some("only API servers of --backend embedded can be disturbed")
            }
            (Self::Machines | Self::Nothing, Verdict::Crash(_)) => {
                Some("only programs of --backend embedded and binaries can be killed at a moment of their work")
            }
            (Self::Machines, Verdict::Flap(_)) => Some("a container does not flap; use `drop` and `heal`, or --backend embedded"),
            (Self::Links | Self::Machines | Self::Nothing, Verdict::Ahead(_) | Verdict::Behind(_)) => {
                Some("only clusters of --backend embedded have clocks of their own")
            }
            (Self::Links | Self::Machines | Self::Nothing, Verdict::Rotated) => {
                Some("only API servers of --backend embedded start again with another authority")
            }
            (Self::Machines | Self::Nothing, Verdict::Lost) => Some("only nodes of --backend embedded and binaries can be lost one by one"),
            (_, verdict) if !matches!(verdict.subject(), Subject::Traffic | Subject::Requests) => None,
            (Self::Traffic | Self::Links, Verdict::Pause) => Some(NOT_IN_PROCESS),
            (Self::Traffic | Self::Links, _) => None,
            (Self::Nothing, _) => Some("it makes no faults; --backend embedded makes those of traffic, container those of whole clusters"),
            (Self::Machines, Verdict::Refuse) => {
                Some("a container is cut off or paused, but refuses nothing; use `drop`, or --backend embedded")
            }
            (Self::Machines, _) if fault.matches.cluster.is_none() => {
                Some("a container is cut off from all others, not from one of them; use `match: {cluster: ...}`, or --backend embedded")
            }
            (Self::Machines, _) => None,
        }
    }
}

/// The faults of a scenario that a backend cannot make, each with the reason; empty if it can make all.
pub fn refusals(scenario: &Scenario, makes: Makes) -> Vec<String> {
    let faults = scenario.steps.iter().filter_map(|step| match &step.verb {
        Verb::Fault(fault) => Some((step.span.line, fault)),
        _ => None,
    });
    let refused = faults.filter_map(|(line, fault)| Some(format!("line {line}: fault {fault}: {}", makes.against(fault)?)));
    refused.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn fault(text: &str) -> Fault {
        yaml::strict::from_str(text).unwrap()
    }

    #[rstest]
    #[case("{cluster: a}", &[("a", "b"), ("b", "a"), ("a", "c"), ("c", "a")])]
    #[case("{between: [b, c]}", &[("b", "c"), ("c", "b")])]
    #[case("{from: c, to: a}", &[("c", "a")])]
    fn ways_of_matches(#[case] matches: &str, #[case] expected: &[(&str, &str)]) {
        let fault = fault(&format!("{{id: x, match: {matches}, verdict: drop}}"));
        let found = ways(&fault.matches, ["a", "b", "c"].into_iter());
        let found: Vec<(&str, &str)> = found.iter().map(|way| (way.from, way.to)).collect();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case("{from: a, to: b}", "refuse", [true, true, false, false])]
    #[case("{between: [a, b]}", "drop", [true, true, false, false])]
    #[case("{cluster: a}", "drop", [true, true, true, false])]
    #[case("{cluster: a}", "{delay: 1s}", [true, true, true, false])]
    #[case("{cluster: a}", "refuse", [true, true, false, false])]
    #[case("{cluster: a}", "pause", [false, false, true, false])]
    #[case("{cluster: a}", "{flap: {up: 1s, down: 1s}}", [true, true, false, false])]
    #[case("{namespace: {cluster: a, name: x}}", "full", [true, true, true, true])]
    #[case("{workload: {cluster: a, namespace: x, name: y}}", "kill", [true, true, true, true])]
    #[case("{workload: {cluster: a, namespace: x, name: y}}", "{crash: {at: placed}}", [true, true, false, false])]
    #[case("{clock: a}", "{ahead: 1h}", [true, false, false, false])]
    #[case("{authority: a}", "rotated", [true, false, false, false])]
    #[case("{node: {cluster: a, name: x}}", "lost", [true, true, false, false])]
    #[case("{requests: {to: a, by: n/x}}", "{status: {code: 500}}", [true, false, false, false])]
    fn what_backends_make(#[case] matches: &str, #[case] verdict: &str, #[case] expected: [bool; 4]) {
        let fault = fault(&format!("{{id: x, match: {matches}, verdict: {verdict}}}"));
        let made = [Makes::Traffic, Makes::Links, Makes::Machines, Makes::Nothing].map(|makes| makes.against(&fault).is_none());
        assert_eq!(made, expected);
    }
}
