//! `deployment-controller`: rolls changes of a pod template out over replica sets.

mod history;
mod progress;
mod rolling;
mod rollout;
mod sets;

use std::sync::Arc;

use futures::future::BoxFuture;

use super::conditions::{self, Condition};
use super::fields::Fields;
use super::replica_sets::claim;
use super::resources::{DEPLOYMENTS, PODS, REPLICA_SETS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use super::selector;
use crate::object::Object;
use crate::status::Status;

use sets::Sets;

/// Keys are deployments.
pub(crate) struct Deployments(pub(crate) Context);

impl Controller for Deployments {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&DEPLOYMENTS) {
            return if change.gone { vec![] } else { vec![change.key()] };
        }
        if change.is(&REPLICA_SETS) {
            let mut keys = change.controllers("Deployment");
            if !change.gone && change.object.controller().is_none() {
                keys.extend(self.adopters(&change.object));
            }
            return keys;
        }
        // `Recreate` waits until the last old pod is gone or ended.
        if change.is(&PODS) {
            self.recreating(&change.object)
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let context = &self.0;
            let Some(deployment) = context.cache.get(&DEPLOYMENTS, key) else {
                return Ok(None);
            };
            if selector::is_empty(deployment.at("/spec/selector")) {
                let message = "This deployment is selecting all pods. A non-empty selector is required.";
                context.events.warning(&deployment, "SelectingAll", message).await;
                return Ok(None);
            }
            let all = claim(context, &REPLICA_SETS, &deployment).await?;
            if deployment.deletion_timestamp().is_some() {
                progress::report_counts(context, &deployment, &Sets::find(&deployment, all)).await?;
                return Ok(None);
            }
            let deployment = note_pause(context, deployment).await?;
            if deployment.flag_at("/spec/paused") || sets::were_scaled(&deployment, &all) {
                return rollout::scale_only(context, deployment, all).await;
            }
            match deployment.str_at("/spec/strategy/type") {
                "Recreate" => rollout::recreate(context, deployment, all).await,
                _ => rollout::roll(context, deployment, all).await,
            }
        })
    }
}

impl Deployments {
    fn adopters(&self, set: &Object) -> Vec<Key> {
        let deployments = self.0.cache.in_namespace(&DEPLOYMENTS, set.namespace().unwrap_or_default());
        let selects = |d: &Object| selector::matches(d.at("/spec/selector"), set.labels());
        deployments.iter().filter(|d| selects(d)).map(|d| Key::of(d)).collect()
    }

    fn recreating(&self, pod: &Object) -> Vec<Key> {
        let cache = &self.0.cache;
        let set = pod.controller().and_then(|owner| cache.by_uid(&owner.uid));
        let deployment = set.and_then(|(_, set)| set.controller()).and_then(|owner| cache.by_uid(&owner.uid));
        let recreates = |d: &Object| d.str_at("/spec/strategy/type") == "Recreate";
        deployment
            .filter(|(_, d)| recreates(d))
            .map(|(_, d)| Key::of(&d))
            .into_iter()
            .collect()
    }
}

/// Says in the `Progressing` condition that a rollout was paused or goes on, so that the pause
/// does not count towards the deadline.
async fn note_pause(context: &Context, deployment: Arc<Object>) -> Result<Arc<Object>, Status> {
    if deployment.number_at("/spec/progressDeadlineSeconds").is_none() {
        return Ok(deployment);
    }
    let known = conditions::find(deployment.list_at("/status/conditions"), progress::PROGRESSING);
    let reason = known.map(|condition| condition.str_at("/reason")).unwrap_or_default();
    let paused = deployment.flag_at("/spec/paused");
    let (reason, message) = match (paused, reason) {
        (_, progress::TIMED_OUT) => return Ok(deployment),
        (true, reason) if reason != PAUSED => (PAUSED, "Deployment is paused"),
        (false, PAUSED) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return Ok(deployment),
    };
    let condition = Condition {
        kind: progress::PROGRESSING,
        status: "Unknown",
        reason,
        message,
    };
    sets::update_deployment(context, &deployment, None, Some(&condition)).await
}

const PAUSED: &str = "DeploymentPaused";
