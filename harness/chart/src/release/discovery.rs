//! What an API server serves.

use kube::Client;
use kube::discovery::{ApiGroup, Discovery};

/// What an API server serves: in two requests, or, before Kubernetes 1.27, in one for each group and version.
///
/// # Errors
/// If it does not answer.
pub async fn discover(client: &Client) -> kube::Result<Discovery> {
    let all = Discovery::new(client.clone()).run_aggregated().await;
    match all {
        // An older server answers in its own form, in which no group is found.
        Ok(all) if all.has_group(ApiGroup::CORE_GROUP) => Ok(all),
        Ok(_) => Discovery::new(client.clone()).run().await,
        Err(error) => Err(error),
    }
}
