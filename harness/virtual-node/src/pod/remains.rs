//! A pod that has ended, until the API server lets go of it. There are many more of those than of pods that run.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, ResourceExt};
use tokio::time::sleep;

use crate::node::NodeContext;

/// Before another attempt to complete a deletion.
const RETRY: Duration = Duration::from_secs(1);

/// What a node keeps of a pod that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Remains {
    namespace: String,
    name: String,
    uid: String,
}

impl Remains {
    pub(crate) fn of(pod: &Pod) -> Self {
        Self {
            namespace: pod.namespace().unwrap_or_default(),
            name: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
        }
    }

    /// Completes the deletion of the pod, which somebody asked for.
    pub(crate) async fn delete(self, node: Arc<NodeContext>) {
        let pods: Api<Pod> = Api::namespaced(node.client.clone(), &self.namespace);
        let params = DeleteParams {
            grace_period_seconds: Some(0),
            preconditions: Some(Preconditions {
                uid: Some(self.uid.clone()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        loop {
            match pods.delete(&self.name, &params).await {
                Ok(_) => return,
                Err(kube::Error::Api(answer)) if answer.is_not_found() || answer.is_conflict() => return,
                Err(error) => tracing::warn!(namespace = %self.namespace, pod = %self.name, %error, "delete pod"),
            }
            sleep(RETRY).await;
        }
    }

    /// Takes everything back that the node still has of the pod, once that is gone.
    pub(crate) fn forget(self, node: &NodeContext) {
        node.logs.forget(&self.namespace, &self.name);
        node.events.forget(self.uid);
    }
}
