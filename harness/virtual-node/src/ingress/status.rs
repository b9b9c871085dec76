//! Telling in an Ingress' status where it is served.

use std::sync::Arc;

use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::proxy::Proxy;

/// Writes the address into every Ingress that does not have it, for ever.
pub(super) async fn publish(client: Client, proxy: Arc<Proxy>) {
    let mut changes = proxy.ingresses.changes();
    loop {
        changes.mark_unchanged();
        for ingress in proxy.ingresses.snapshot().values() {
            if !shows(ingress, &proxy.address) {
                write(&client, ingress, &proxy.address).await;
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn shows(ingress: &Ingress, address: &str) -> bool {
    let balancer = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let mut points = balancer.and_then(|balancer| balancer.ingress.as_ref()).into_iter().flatten();
    points.any(|point| point.ip.as_deref() == Some(address))
}

async fn write(client: &Client, ingress: &Ingress, address: &str) {
    let ingresses: Api<Ingress> = Api::namespaced(client.clone(), &ingress.namespace().unwrap_or_default());
    let patch = json!({"status": {"loadBalancer": {"ingress": [{"ip": address}]}}});
    let params = PatchParams::default();
    if let Err(error) = ingresses.patch_status(&ingress.name_any(), &params, &Patch::Merge(patch)).await {
        // The next change of an Ingress brings another attempt.
        tracing::warn!(ingress = %ingress.name_any(), %error, "ingress status");
    }
}
