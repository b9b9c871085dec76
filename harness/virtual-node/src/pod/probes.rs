//! Startup, readiness and liveness of one run.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, Probe};
use tokio::time::{Instant, sleep_until};

use super::checks::{Check, Target};
use super::container::Supervisor;
use super::context::PodContext;
use super::prepare::Prepared;
use crate::node::Severity;
use crate::program::Probes;

/// How soon after its start a container is probed at the earliest: a kubelet looks for new containers every second.
const NOTICE: Duration = Duration::from_secs(1);

/// Why a container must be restarted.
pub(crate) struct Unhealthy {
    /// For the event that tells of the kill.
    pub(crate) message: String,
    /// Seconds, where the probe has a grace period of its own.
    pub(crate) grace: Option<i64>,
}

/// Probes one run of a container.
pub(crate) struct Prober {
    ctx: Arc<PodContext>,
    container: Arc<Container>,
    target: Target,
    began: Instant,
    /// Where a script answers in the program's place: how long until it is ready.
    scripted: Option<Duration>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Startup,
    Readiness,
    Liveness,
}

/// Turns of a probe, counted as its thresholds want it.
struct Turns<'a> {
    kind: Kind,
    probe: &'a Probe,
    check: Option<Check>,
    next: Instant,
    successes: i32,
    failures: i32,
}

impl Prober {
    pub(crate) fn new(of: &Supervisor, prepared: &Prepared, probes: Probes) -> Self {
        let node = &of.ctx.node;
        Self {
            ctx: of.ctx.clone(),
            container: of.container.clone(),
            target: Target {
                from: node.network.host(&node.zone, &node.address),
                pod_ip: of.ctx.board.snapshot().ip.unwrap_or_default(),
                container: of.container.clone(),
                probes,
            },
            began: Instant::now(),
            scripted: prepared.script.as_ref().map(crate::lifecycle::Script::ready_after),
        }
    }

    /// Whether a script stands in for the program.
    pub(crate) fn is_scripted(&self) -> bool {
        self.scripted.is_some()
    }

    /// Where hooks and probes look.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Probes until the container must be restarted.
    pub(crate) async fn run(&self) -> Unhealthy {
        if let Some(probe) = &self.container.startup_probe {
            let mut turns = self.turns(Kind::Startup, probe);
            if !turns.settle(self).await {
                return self.unhealthy("startup", probe);
            }
        }
        self.ctx.board.container(&self.container.name, |status| status.started = Some(true));
        tokio::select! {
            biased;
            () = self.readiness() => std::future::pending().await,
            unhealthy = self.liveness() => unhealthy,
        }
    }

    /// Keeps the container's readiness current, for ever.
    async fn readiness(&self) {
        let Some(probe) = &self.container.readiness_probe else {
            // Without a probe a container is ready as soon as it has started; a script may say otherwise.
            sleep_until(self.began + self.scripted.unwrap_or_default()).await;
            self.set_ready(true);
            return std::future::pending().await;
        };
        let mut turns = self.turns(Kind::Readiness, probe);
        loop {
            let ready = turns.settle(self).await;
            self.set_ready(ready);
        }
    }

    fn set_ready(&self, ready: bool) {
        self.ctx.board.container(&self.container.name, |status| status.ready = ready);
    }

    /// Returns when the container is no longer alive.
    async fn liveness(&self) -> Unhealthy {
        let Some(probe) = &self.container.liveness_probe else {
            return std::future::pending().await;
        };
        let mut turns = self.turns(Kind::Liveness, probe);
        while turns.settle(self).await {}
        self.unhealthy("liveness", probe)
    }

    fn unhealthy(&self, kind: &str, probe: &Probe) -> Unhealthy {
        Unhealthy {
            message: format!("Container {} failed {kind} probe, will be restarted", self.container.name),
            grace: probe.termination_grace_period_seconds,
        }
    }

    fn turns<'a>(&self, kind: Kind, probe: &'a Probe) -> Turns<'a> {
        let delay = seconds(probe.initial_delay_seconds, 0).max(NOTICE);
        Turns {
            kind,
            probe,
            check: Check::of_probe(probe),
            next: Instant::now().max(self.began + delay),
            successes: 0,
            failures: 0,
        }
    }

    /// Looks once; a script answers in its own container's place.
    async fn look(&self, kind: Kind, check: Option<&Check>, timeout: Duration) -> Result<(), String> {
        match (self.scripted, check) {
            (Some(_), _) if kind == Kind::Liveness => Ok(()),
            (Some(ready), _) if self.began.elapsed() >= ready => Ok(()),
            (Some(_), _) => Err("the container's script is not ready yet".to_owned()),
            (None, Some(check)) => Box::pin(check.run(&self.target, timeout)).await,
            (None, None) => Err("missing probe handler".to_owned()),
        }
    }
}

impl Turns<'_> {
    /// Looks at each turn until enough successes or failures in a row decide.
    async fn settle(&mut self, prober: &Prober) -> bool {
        let period = seconds(self.probe.period_seconds, 10);
        let timeout = seconds(self.probe.timeout_seconds, 1);
        loop {
            sleep_until(self.next).await;
            let result = prober.look(self.kind, self.check.as_ref(), timeout).await;
            self.next = (self.next + period).max(Instant::now());
            match result {
                Ok(()) => (self.successes, self.failures) = (self.successes.saturating_add(1), 0),
                Err(output) => {
                    (self.successes, self.failures) = (0, self.failures.saturating_add(1));
                    let message = format!("{} probe failed: {output}", self.kind.title());
                    let container = &prober.container;
                    prober.ctx.container_event(container, Severity::Warning, "Unhealthy", message);
                }
            }
            if self.successes >= self.probe.success_threshold.unwrap_or(1) {
                return true;
            }
            if self.failures >= self.probe.failure_threshold.unwrap_or(3) {
                return false;
            }
        }
    }
}

impl Kind {
    fn title(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
}

fn seconds(value: Option<i32>, otherwise: u64) -> Duration {
    let value = value.and_then(|value| u64::try_from(value).ok());
    Duration::from_secs(value.filter(|value| *value > 0).unwrap_or(otherwise))
}
