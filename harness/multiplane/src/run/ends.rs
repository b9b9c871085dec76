//! What ends a scenario before its last step: somebody who stops the run, the run's time limit, or the scenario's own.

use std::future::pending;
use std::sync::{Arc, OnceLock};

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::plan::Plan;
use super::step::failure::Failure;
use crate::journal::Outcome;

/// Why a run ends that takes too long; nothing, as long as it does not.
#[derive(Clone, Debug, Default)]
pub struct Overtime(Arc<OnceLock<String>>);

impl Overtime {
    /// The run takes too long. To be told before it is stopped.
    pub fn tell(&self, why: String) {
        // The first to tell is right: a run ends once.
        let _ = self.0.set(why);
    }

    /// What was told.
    pub fn why(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// What ends a scenario early.
#[derive(Clone, Default)]
pub(crate) struct Ends {
    stop: CancellationToken,
    overtime: Overtime,
    /// The scenario's own limit: when it is reached, and what it is.
    limit: Option<(Instant, scenario::Duration)>,
}

impl Ends {
    /// Of a scenario that begins now.
    pub(crate) fn of(plan: &Plan, stop: &CancellationToken) -> Self {
        let limit = plan.loaded.scenario.settings.timeout;
        Self {
            stop: stop.clone(),
            overtime: plan.overtime.clone(),
            limit: Instant::now().checked_add(limit.get()).map(|at| (at, limit)),
        }
    }

    /// Waits for the first of them, and says which it is.
    pub(crate) async fn reached(&self) -> Failure {
        let late = async {
            match self.limit {
                Some((at, limit)) => {
                    sleep_until(at).await;
                    limit
                }
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => match self.overtime.why() {
                Some(why) => Failure::environment("run-timeout", why),
                None => Failure {
                    outcome: Outcome::Interrupted,
                    code: "interrupted",
                    message: "the run was stopped".to_owned(),
                    help: None,
                },
            },
            limit = late => Failure::expectation("scenario-timeout", format!("the scenario took longer than its settings.timeout of {limit}")),
        }
    }
}
