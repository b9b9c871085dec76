//! A member cluster as flyteadmin uses it: a place for objects.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kube::api::{Api, ApiResource, DeleteParams, PostParams, PropagationPolicy};
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use virtual_node::Unread;

use crate::crd::FlyteWorkflow;

/// Why a member cluster did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct DataPlaneError {
    /// The HTTP status, if the API server answered.
    pub(crate) code: Option<u16>,
    pub(crate) message: String,
}

impl DataPlaneError {
    pub(crate) fn other(message: String) -> Self {
        Self { code: None, message }
    }
}

impl From<kube::Error> for DataPlaneError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self {
                code: Some(status.code),
                message: status.message.clone(),
            },
            other => Self::other(other.to_string()),
        }
    }
}

/// A member cluster behind its API server, with the credentials that were read at start.
pub(crate) struct KubeDataPlane {
    client: kube::Client,
    timeout: Option<Duration>,
    /// Kinds that were asked for. flyteadmin's client keeps its mapping as well.
    kinds: Mutex<HashMap<GroupVersionKind, (ApiResource, Scope)>>,
}

impl KubeDataPlane {
    pub(crate) fn new(client: kube::Client, timeout: Option<Duration>) -> Self {
        Self {
            client,
            timeout,
            kinds: Mutex::default(),
        }
    }

    /// How the cluster serves a kind.
    pub(crate) async fn kind(&self, kind: &GroupVersionKind) -> Result<(ApiResource, Scope), DataPlaneError> {
        if let Some(known) = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(kind) {
            return Ok(known.clone());
        }
        let (resource, capabilities) = pinned_kind(&self.client, kind).await?;
        let found = (resource, capabilities.scope);
        self.kinds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(kind.clone(), found.clone());
        Ok(found)
    }

    /// The client, for requests of other kinds.
    pub(crate) fn client(&self) -> kube::Client {
        self.client.clone()
    }

    /// Gives a request up after the configured time.
    pub(crate) async fn within<T>(&self, request: impl Future<Output = Result<T, DataPlaneError>> + Send) -> Result<T, DataPlaneError> {
        let Some(timeout) = self.timeout else {
            return request.await;
        };
        tokio::time::timeout(timeout, request).await.unwrap_or_else(|_| {
            let message = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
            Err(DataPlaneError::other(message.to_owned()))
        })
    }
}

/// `Ok(false)` for one answer that is no error of ours.
fn except<T>(code: u16, result: Result<T, DataPlaneError>) -> Result<bool, DataPlaneError> {
    match result {
        Err(error) if error.code != Some(code) => Err(error),
        result => Ok(result.is_ok()),
    }
}

/// Objects of runs.
impl KubeDataPlane {
    /// Creates an object. One of that name counts as created.
    pub(crate) async fn create(&self, object: &FlyteWorkflow) -> Result<(), DataPlaneError> {
        let (namespace, _) = object.key();
        let api: Api<Unread<FlyteWorkflow>> = Api::namespaced(self.client.clone(), &namespace);
        let object = Unread(object.clone());
        let request = async { Ok(api.create(&PostParams::default(), &object).await?) };
        except(409, self.within(request).await).map(|_| ())
    }

    /// Deletes an object in the background; false if there is none of that name.
    pub(crate) async fn delete(&self, namespace: &str, name: &str) -> Result<bool, DataPlaneError> {
        let api: Api<FlyteWorkflow> = Api::namespaced(self.client.clone(), namespace);
        let parameters = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        let request = async { Ok(api.delete(name, &parameters).await?) };
        except(404, self.within(request).await)
    }
}
