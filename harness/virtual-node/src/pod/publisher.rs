//! Publishes the pod's status whenever it changes.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, PodStatus};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::context::PodContext;
use super::status::pod_status;
use crate::api::Unread;

/// Before another attempt after a refusal.
const RETRY: Duration = Duration::from_secs(1);

/// Publishes each change of the pod's state until `ended`; then once more, so that the last state is there on return.
pub(crate) async fn publish(ctx: Arc<PodContext>, ended: CancellationToken) {
    let mut published = ctx.pod().status.clone().unwrap_or_default();
    let (mut state, mut updates) = (ctx.board.changes(), ctx.updates.clone());
    state.mark_changed();
    loop {
        tokio::select! {
            biased;
            changed = next(&mut state, &mut updates) => if !changed { return },
            () = ended.cancelled() => {}
        }
        let last = ended.is_cancelled();
        let status = pod_status(
            &ctx.pod(),
            &ctx.board.snapshot(),
            &published,
            &ctx.node.address,
            ctx.node.clock.now(),
        );
        if status == published {
            if last {
                return;
            }
            continue;
        }
        match Box::pin(patch(&ctx, &published, &status)).await {
            Ok(()) => published = status,
            Err(kube::Error::Api(answer)) if answer.is_not_found() || answer.is_conflict() => return,
            Err(error) => {
                tracing::warn!(pod = %ctx.title(), %error, "publish pod status");
                sleep(RETRY).await;
                state.mark_changed();
                continue;
            }
        }
        if last {
            return;
        }
    }
}

/// Waits for news; false once there can be none.
async fn next(state: &mut watch::Receiver<()>, updates: &mut watch::Receiver<super::Assigned>) -> bool {
    tokio::select! {
        biased;
        changed = state.changed() => changed.is_ok(),
        changed = updates.changed() => changed.is_ok(),
    }
}

/// Sends what differs, if anything does. Conditions of others are left alone: the patch merges them by type.
async fn patch(ctx: &PodContext, published: &PodStatus, status: &PodStatus) -> kube::Result<()> {
    let difference = difference(published, status).map_err(kube::Error::SerdeError)?;
    if difference.is_empty() {
        return Ok(());
    }
    let pods: Api<Unread<Pod>> = Api::namespaced(ctx.node.client.clone(), &ctx.namespace);
    let patch = json!({"metadata": {"uid": ctx.uid}, "status": difference});
    pods.patch_status(&ctx.name, &PatchParams::default(), &Patch::Strategic(patch))
        .await?;
    Ok(())
}

/// The fields of a status that are new or changed, and `null` for those to remove.
fn difference(old: &PodStatus, new: &PodStatus) -> serde_json::Result<Map<String, Value>> {
    let fields = |status: &PodStatus| match serde_json::to_value(status)? {
        Value::Object(fields) => Ok(fields),
        _ => Ok::<_, serde_json::Error>(Map::new()),
    };
    let (old, mut new) = (fields(old)?, fields(new)?);
    for name in ["reason", "message"] {
        if old.contains_key(name) {
            new.entry(name).or_insert(Value::Null);
        }
    }
    new.retain(|name, value| old.get(name).unwrap_or(&Value::Null) != value);
    Ok(new)
}
