//! When a cluster can be worked with. The commands that make clusters end
//! earlier: nodes may not be ready, and names in pods not resolve yet.

use std::future::Future;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client};

use super::NodesError;

/// How long it may take after it was made.
const LIMIT: Duration = Duration::from_secs(300);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Waits until the cluster's nodes are ready, as many as there should be, and its DNS answers.
pub(in crate::backend) async fn ready(client: &Client, cluster: &str, nodes: usize) -> Result<(), NodesError> {
    until(cluster, || nodes_missing(client, nodes)).await?;
    until(cluster, || dns_missing(client)).await
}

/// Looks until nothing is missing. Errors may be those of an API server that is still coming up; the last one is told.
async fn until<F>(cluster: &str, look: impl Fn() -> F) -> Result<(), NodesError>
where
    F: Future<Output = kube::Result<Option<String>>>,
{
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let missing = match look().await {
            Ok(None) => return Ok(()),
            Ok(Some(missing)) => missing,
            Err(error) => error.to_string(),
        };
        if tokio::time::Instant::now() >= deadline {
            let cluster = cluster.to_owned();
            return Err(NodesError::NotReady { cluster, message: missing });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn nodes_missing(client: &Client, wanted: usize) -> kube::Result<Option<String>> {
    let nodes = Api::<Node>::all(client.clone()).list(&ListParams::default()).await?.items;
    let ready = nodes.iter().filter(|node| is_ready(node)).count();
    Ok((ready < wanted).then(|| format!("{ready} of {wanted} nodes are ready")))
}

fn is_ready(node: &Node) -> bool {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

async fn dns_missing(client: &Client) -> kube::Result<Option<String>> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "kube-system");
    // Configurations may do without; then nobody waits for it.
    let Some(dns) = deployments.get_opt("coredns").await? else {
        return Ok(None);
    };
    let available = dns.status.and_then(|status| status.available_replicas).unwrap_or(0);
    Ok((available == 0).then(|| "CoreDNS is not available".to_owned()))
}
