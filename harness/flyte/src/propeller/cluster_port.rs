//! The cluster that a data plane runs in, as it uses it.

use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::Pod;
use kube::Resource;
use kube::api::{Api, DeleteParams, PostParams};
use virtual_node::Lean;

use super::seen_pod::SeenPod;
use crate::crd::FlyteWorkflow;

/// What the API server refused, or why it could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ClusterError {
    /// The HTTP status, if there was an answer.
    pub(crate) code: Option<u16>,
    pub(crate) message: String,
}

impl From<kube::Error> for ClusterError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self {
                code: Some(status.code),
                message: status.message.clone(),
            },
            other => Self {
                code: None,
                message: other.to_string(),
            },
        }
    }
}

/// Objects that a data plane writes.
pub(crate) trait ClusterPort: Send + Sync {
    /// Replaces the object; it has no status of its own to write to.
    fn update(&self, object: FlyteWorkflow) -> BoxFuture<'_, Result<FlyteWorkflow, ClusterError>>;
    /// Creates a pod, or finds the one of that name.
    fn create_pod(&self, pod: Pod) -> BoxFuture<'_, Result<SeenPod, ClusterError>>;
    /// A pod, if it is there.
    fn pod<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<SeenPod>, ClusterError>>;
    /// Deletes a pod. None of that name counts as deleted.
    fn delete_pod<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<(), ClusterError>>;
}

/// The cluster behind its API server.
pub(crate) struct KubeCluster(pub(crate) kube::Client);

impl KubeCluster {
    fn pods(&self, namespace: &str) -> Api<Lean<SeenPod>> {
        Api::namespaced(self.0.clone(), namespace)
    }
}

impl ClusterPort for KubeCluster {
    fn update(&self, object: FlyteWorkflow) -> BoxFuture<'_, Result<FlyteWorkflow, ClusterError>> {
        async move {
            let (namespace, name) = object.key();
            let api: Api<Lean<FlyteWorkflow>> = Api::namespaced(self.0.clone(), &namespace);
            Ok(api.replace(&name, &PostParams::default(), &Lean(object)).await?.0)
        }
        .boxed()
    }

    fn create_pod(&self, pod: Pod) -> BoxFuture<'_, Result<SeenPod, ClusterError>> {
        async move {
            let namespace = pod.metadata.namespace.clone().unwrap_or_default();
            let name = pod.metadata.name.clone().unwrap_or_default();
            let body = serde_json::to_vec(&pod).map_err(kube::Error::SerdeError)?;
            // An `Api` would read the whole pod in the answer.
            let request = kube::core::Request::new(Pod::url_path(&(), Some(&namespace)));
            let request = request.create(&PostParams::default(), body).map_err(kube::Error::BuildRequest)?;
            match self.0.request::<Lean<SeenPod>>(request).await {
                Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(self.pods(&namespace).get(&name).await?.0),
                result => Ok(result?.0),
            }
        }
        .boxed()
    }

    fn pod<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<Option<SeenPod>, ClusterError>> {
        async move { Ok(self.pods(namespace).get_opt(name).await?.map(|pod| pod.0)) }.boxed()
    }

    fn delete_pod<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<(), ClusterError>> {
        async move {
            match self.pods(namespace).delete(name, &DeleteParams::default()).await {
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
                result => Ok(result.map(|_| ())?),
            }
        }
        .boxed()
    }
}
