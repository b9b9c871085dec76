//! The node's signs of life: its Lease, and now and then its status.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, OwnerReference};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use simnet::Clock;
use tokio::time::{MissedTickBehavior, interval};

use super::registration::Registration;
use crate::api::Unread;

/// A kubelet's defaults: a lease of 40 s, renewed after a quarter of it; the status every five minutes.
const LEASE: Duration = Duration::from_secs(40);
const RENEWAL: Duration = Duration::from_secs(10);
const STATUS: Duration = Duration::from_secs(300);
const NAMESPACE: &str = "kube-node-lease";

/// Renews the lease and the status for ever. A refusal is told to the log and tried again at the next turn.
pub(crate) async fn beat(client: Client, registration: Arc<Registration>, node: Node, clock: Clock) {
    let since = clock.now();
    let mut turns = interval(RENEWAL);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut published = since;
    loop {
        turns.tick().await;
        let now = clock.now();
        if let Err(error) = renew(&client, &node, now).await {
            tracing::warn!(node = %node.name_any(), %error, "renew lease");
        }
        if Duration::try_from(now.duration_since(published)).unwrap_or_default() >= STATUS {
            match registration.publish(&client, since, now).await {
                Ok(()) => published = now,
                Err(error) => tracing::warn!(node = %node.name_any(), %error, "publish node status"),
            }
        }
    }
}

async fn renew(client: &Client, node: &Node, now: Timestamp) -> kube::Result<()> {
    let leases: Api<Unread<Lease>> = Api::namespaced(client.clone(), NAMESPACE);
    let name = node.name_any();
    let patch = json!({"spec": {"renewTime": MicroTime(now)}});
    match leases.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => {
            leases.create(&PostParams::default(), &Unread(lease(node, now))).await?;
        }
        result => drop(result?),
    }
    Ok(())
}

fn lease(node: &Node, now: Timestamp) -> Lease {
    let name = node.name_any();
    Lease {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            namespace: Some(NAMESPACE.to_owned()),
            owner_references: Some(vec![OwnerReference {
                api_version: "v1".to_owned(),
                kind: "Node".to_owned(),
                name: name.clone(),
                uid: node.uid().unwrap_or_default(),
                ..OwnerReference::default()
            }]),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some(name),
            lease_duration_seconds: i32::try_from(LEASE.as_secs()).ok(),
            renew_time: Some(MicroTime(now)),
            ..LeaseSpec::default()
        }),
    }
}
