//! `restart`: new pods for a workload.

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::runtime::wait::await_condition;
use scenario::verb::{Restart, Workload};
use serde_json::json;

use super::failure::{Failure, within};
use super::joint::on_each;
use crate::run::context::Context;

/// Runs a `restart` step.
pub(crate) async fn restart(context: &Context<'_>, step: &Restart) -> Result<(), Failure> {
    let limit = step.within.unwrap_or(context.scenario().settings.within).get();
    // What `kubectl rollout restart` writes: another template makes other pods.
    let now = context.world.clock().now().to_string();
    let template = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}});
    let patch = Patch::Strategic(json!({"spec": {"template": template}}));
    on_each(&step.on, async |cluster| {
        let kinds = context.kinds(cluster)?;
        let (api, _) = kinds.api("apps/v1", step.kind.as_str(), Some(&step.namespace)).await?;
        let patched = api.patch(&step.name, &PatchParams::default(), &patch).await?;
        let generation = patched.metadata.generation.unwrap_or_default();
        let wait = context.progress.wait();
        let done = await_condition(api, &step.name, |object: Option<&DynamicObject>| {
            let replicas = |field: &str| object.map_or(0, |object| object.data["status"][field].as_i64().unwrap_or_default());
            wait.sees(format!(
                "{} {}/{} on {cluster}: {} pods are new, {} ready",
                step.kind.as_str(),
                step.namespace,
                step.name.value,
                replicas("updatedReplicas").max(replicas("updatedNumberScheduled")),
                replicas("readyReplicas").max(replicas("numberReady"))
            ));
            object.is_some_and(|object| rolled_out(step.kind, object, generation))
        });
        let what = format!("rollout of {} {}/{}", step.kind.as_str(), step.namespace, step.name.value);
        within(limit, &what, done).await??;
        Ok(())
    })
    .await
}

/// Whether all pods are of the newest template and available, as `kubectl rollout status` tells.
pub(super) fn rolled_out(kind: Workload, object: &DynamicObject, generation: i64) -> bool {
    let (spec, status) = (&object.data["spec"], &object.data["status"]);
    let number = |field: &str| status[field].as_i64().unwrap_or_default();
    if number("observedGeneration") < generation {
        return false;
    }
    match kind {
        Workload::Deployment => {
            let wanted = spec["replicas"].as_i64().unwrap_or(1);
            number("updatedReplicas") == wanted && number("replicas") == wanted && number("availableReplicas") == wanted
        }
        Workload::StatefulSet => {
            let wanted = spec["replicas"].as_i64().unwrap_or(1);
            number("updatedReplicas") == wanted
                && number("readyReplicas") == wanted
                && status["currentRevision"] == status["updateRevision"]
        }
        Workload::DaemonSet => {
            let wanted = number("desiredNumberScheduled");
            number("updatedNumberScheduled") == wanted && number("numberAvailable") == wanted
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Workload::Deployment, json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}), true)]
    #[case(Workload::Deployment, json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}), false)]
    #[case(Workload::Deployment, json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 2}), false)]
    #[case(Workload::StatefulSet, json!({"observedGeneration": 2, "updatedReplicas": 2, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"}), false)]
    #[case(Workload::StatefulSet, json!({"observedGeneration": 2, "updatedReplicas": 2, "readyReplicas": 2, "currentRevision": "b", "updateRevision": "b"}), true)]
    #[case(Workload::DaemonSet, json!({"observedGeneration": 2, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1}), false)]
    fn rollouts(#[case] kind: Workload, #[case] status: serde_json::Value, #[case] done: bool) {
        let object = json!({"metadata": {}, "spec": {"replicas": 2}, "status": status});
        assert_eq!(rolled_out(kind, &serde_json::from_value(object).unwrap(), 2), done);
    }
}
