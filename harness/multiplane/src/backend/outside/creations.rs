//! Clusters that are being made.

use std::fmt::Display;
use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::backend::{BackendError, Cluster, ClusterSpec};

/// Clusters that are being made. What is begun is seen through, so that nothing appears behind the back of a clean-up.
#[derive(Debug, Default)]
pub(crate) struct Creations(TaskTracker);

impl Creations {
    /// Makes a cluster, also if nobody waits for it any more.
    pub(crate) async fn make<C, E>(
        &self,
        spec: &ClusterSpec,
        making: impl Future<Output = Result<C, E>> + Send + 'static,
    ) -> Result<Arc<dyn Cluster>, BackendError>
    where
        C: Cluster + 'static,
        E: Display + Send + 'static,
    {
        let failed = |error: &dyn Display| BackendError::Start {
            cluster: spec.id.clone(),
            message: error.to_string(),
        };
        let made = self.0.spawn(making).await.map_err(|error| failed(&error))?;
        Ok(Arc::new(made.map_err(|error| failed(&error))?))
    }

    /// Waits until none is being made. No more may be begun.
    pub(crate) async fn end(&self) {
        self.0.close();
        self.0.wait().await;
    }
}
