//! A node that is lost, as a machine that loses power.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::runtime::wait::await_condition;
use scenario::verb::{Fault, NodeOf};

use super::{bites, hold, on_nothing, without_effect};
use crate::backend::Cluster;
use crate::backend::faults::Undo;
use crate::run::context::Context;
use crate::run::step::failure::{Failure, within};

/// How long the cluster may take to see that a node is lost, or is there again: longer than its grace period.
const NOTICED: Duration = Duration::from_secs(120);

/// Loses a node, and waits until the cluster knows.
pub(super) async fn lose(context: &Context<'_>, step: &Fault, node: &NodeOf) -> Result<(), Failure> {
    let id = &node.cluster.value;
    let cluster = context.cluster(id)?.clone();
    let nodes: Api<Node> = Api::all(cluster.client());
    match nodes.get_opt(&node.name).await? {
        None => return Err(on_nothing(format!("{id} has no node {}", node.name))),
        Some(found) if ready(Some(&found)) != Some("True") => {
            return Err(on_nothing(format!("node {} is not ready without the fault", node.name)));
        }
        Some(_) => {}
    }
    let machines = || {
        cluster
            .machines()
            .ok_or_else(|| Failure::invalid("fault", "this backend's nodes are not to be lost"))
    };
    machines()?;
    hold(context, step, undo(cluster.clone(), nodes.clone(), node.name.clone())).await;
    if !machines()?.lose(&node.name) {
        return Err(on_nothing(format!("node {} does not run", node.name)));
    }
    let unknown = await_condition(nodes, &node.name, |node: Option<&Node>| ready(node) == Some("Unknown"));
    let lost = within(NOTICED, "the cluster's notice of the lost node", unknown).await;
    let lost = lost.map_err(|failure| without_effect(failure.message))??;
    let message = lost.as_ref().and_then(|node| condition(node)?.message.clone()).unwrap_or_default();
    bites(context, &format!("node {} of {id} is NotReady: {message}", node.name));
    Ok(())
}

/// The node is started again, and is ready.
fn undo(cluster: Arc<dyn Cluster>, nodes: Api<Node>, name: String) -> Undo {
    Box::pin(async move {
        if let Some(machines) = cluster.machines() {
            machines.boot(&name).await?;
        }
        let ready = await_condition(nodes, &name, |node: Option<&Node>| ready(node) == Some("True") && !tainted(node));
        match tokio::time::timeout(NOTICED, ready).await {
            Ok(Ok(_)) => Ok(format!("node {name} is ready")),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("node {name} is not ready after {} s", NOTICED.as_secs())),
        }
    })
}

fn condition(node: &Node) -> Option<&k8s_openapi::api::core::v1::NodeCondition> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == "Ready")
}

fn ready(node: Option<&Node>) -> Option<&str> {
    Some(condition(node?)?.status.as_str())
}

fn tainted(node: Option<&Node>) -> bool {
    let taints = node.and_then(|node| node.spec.as_ref()?.taints.as_ref());
    taints.is_some_and(|taints| !taints.is_empty())
}
