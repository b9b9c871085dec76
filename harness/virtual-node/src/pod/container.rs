//! One container: prepared, run, and run again as its restart policy says.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use k8s_openapi::api::core::v1::Container;
use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::board::State;
use super::context::PodContext;
use super::prepare::prepare;
use super::process::run_once;
use super::restart::{Role, restarts};
use super::stop::Stop;
use super::volumes::Volumes;
use crate::node::Severity;

/// Whoever keeps one container running.
pub(crate) struct Supervisor {
    pub(crate) ctx: Arc<PodContext>,
    pub(crate) container: Arc<Container>,
    pub(crate) role: Role,
    pub(crate) volumes: Arc<Volumes>,
    pub(crate) stop: Stop,
    /// Whether the image has been pulled once.
    pub(crate) pulled: AtomicBool,
    /// Whether it has been told that its command does not run.
    pub(crate) told: AtomicBool,
}

impl Supervisor {
    /// Runs the container until it will not start again; whether its last run succeeded.
    pub(crate) async fn run(self) -> bool {
        let mut pauses = Backoff::default();
        loop {
            let prepared = tokio::select! {
                biased;
                () = self.stop.requested() => return false,
                // In a box of its own, as what follows lasts longer and is smaller.
                prepared = Box::pin(prepare(&self)) => prepared,
            };
            let exit = run_once(&self, prepared).await;
            if self.stop.is_requested() || !restarts(&self.ctx.spec(), &self.container, self.role, exit.code()) {
                return exit.success();
            }
            self.pause(&mut pauses).await;
            if self.stop.is_requested() {
                return exit.success();
            }
            self.ctx.board.container(&self.container.name, |status| {
                status.restart_count += 1;
                if status.state.as_ref().is_some_and(|state| state.terminated.is_some()) {
                    status.last_state = status.state.clone();
                }
            });
        }
    }

    /// Waits as long as a container that ended now must.
    async fn pause(&self, pauses: &mut Backoff) {
        let pause = pauses.next(Instant::now());
        if pause.is_zero() {
            return;
        }
        let (name, title) = (&self.container.name, self.ctx.title());
        let seconds = humantime(pause.as_secs());
        let message = format!("back-off {seconds} restarting failed container={name} pod={title}");
        self.ctx.board.waiting(name, "CrashLoopBackOff", Some(message));
        let event = format!("Back-off restarting failed container {name} in pod {title}");
        self.ctx.container_event(&self.container, Severity::Warning, "BackOff", event);
        tokio::select! {
            biased;
            () = self.stop.requested() => {}
            () = sleep(pause) => {}
        }
    }
}

/// Whole seconds as Go prints a duration: `10s`, `1m20s`, `5m0s`.
fn humantime(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

/// Whether a container counts as started: it runs, and its startup probe, if any, has succeeded.
pub(crate) fn is_started(state: &State, name: &str) -> bool {
    let mut all = state.init.iter().chain(&state.main);
    all.any(|status| status.name == name && status.started == Some(true))
}

#[cfg(test)]
mod tests {
    use super::humantime;

    #[test]
    fn pauses_read_as_in_go() {
        assert_eq!([10, 80, 300].map(humantime), ["10s", "1m20s", "5m0s"]);
    }
}
