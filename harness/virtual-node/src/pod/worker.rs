//! A pod's life from its arrival on the node to its last container's end.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::board::State;
use super::containers::Containers;
use super::context::{Assigned, PodContext};
use super::ephemeral::Ephemeral;
use super::{publisher, sandbox};
use crate::node::{NodeContext, Severity};

/// Runs a pod until its containers have ended for good. What is left of it then needs no task of its own: [`Remains`](super::Remains).
pub(crate) async fn run(node: Arc<NodeContext>, updates: watch::Receiver<Assigned>) {
    let ctx = Arc::new(PodContext::new(node, updates));
    if !is_over(&ctx.pod()) {
        live(&ctx).await;
        sandbox::stop(&ctx);
    }
}

/// Whether the pod ended before this node knew it.
fn is_over(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// From the sandbox to the last container's end, with the status published on the way.
async fn live(ctx: &Arc<PodContext>) {
    let ended = CancellationToken::new();
    let publisher = AbortOnDropHandle::new(tokio::spawn(publisher::publish(ctx.clone(), ended.clone())));
    let (mut containers, mut ephemeral) = (Containers::new(ctx.clone()), Ephemeral::new(ctx.clone()));
    let run = async {
        let volumes = containers.prepare().await;
        tokio::select! {
            biased;
            () = containers.live() => {}
            // Without an end of its own: the pod's containers decide.
            () = ephemeral.live(volumes) => {}
        }
    };
    tokio::select! {
        biased;
        () = cut_short(ctx) => {}
        () = run => {}
    }
    tokio::join!(containers.end(), ephemeral.end());
    ctx.board.update(finish);
    ended.cancel();
    // A publisher that panicked has told so already.
    drop(publisher.await);
}

/// The last state: containers that wait for a restart show how they ended, and nothing is ready.
fn finish(state: &mut State) {
    state.terminal = true;
    state.sandbox = false;
    for status in state.init.iter_mut().chain(&mut state.main) {
        let waits = status.state.as_ref().is_some_and(|state| state.waiting.is_some());
        if waits && status.last_state.as_ref().is_some_and(|last| last.terminated.is_some()) {
            status.state = status.last_state.take();
        }
    }
}

/// Returns when the pod must end before its containers do: deleted, gone, or past its deadline.
async fn cut_short(ctx: &PodContext) {
    let started = ctx.board.snapshot().started;
    let deadline = async {
        let Some(seconds) = ctx.spec().active_deadline_seconds else {
            return std::future::pending().await;
        };
        let elapsed = ctx.node.clock.now().duration_since(started);
        let allowed = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        sleep(allowed.saturating_sub(Duration::try_from(elapsed).unwrap_or_default())).await;
    };
    tokio::select! {
        biased;
        () = deletion(ctx) => {}
        () = deadline => {
            let message = "Pod was active on the node longer than the specified deadline";
            ctx.event(Severity::Normal, "DeadlineExceeded", message);
            ctx.board.update(|state| state.failure = Some(("DeadlineExceeded".to_owned(), message.to_owned())));
        }
    }
}

/// Returns once the pod is to go.
async fn deletion(ctx: &PodContext) {
    let going = |assigned: &Assigned| match assigned {
        Assigned::Here(pod) => pod.metadata.deletion_timestamp.is_some(),
        Assigned::Gone(_) => true,
    };
    // The channel ends only with the worker itself.
    drop(ctx.updates.clone().wait_for(going).await);
}
