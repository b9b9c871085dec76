//! A pod's place in the network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::PodSpec;
use simnet::Host;
use tokio::time::sleep;

use super::context::PodContext;
use crate::node::Severity;

/// Before another attempt to find an address.
const RETRY: Duration = Duration::from_secs(10);

/// Gives the pod its address, waiting for one where all are taken, and its logs their place.
pub(crate) async fn create(ctx: &Arc<PodContext>) {
    let address = loop {
        if ctx.spec().host_network.unwrap_or(false) {
            break ctx.node.address.clone();
        }
        if let Some(address) = ctx.node.addresses.take() {
            break address;
        }
        ctx.event(
            Severity::Warning,
            "FailedCreatePodSandBox",
            format!(
                "Failed to create pod sandbox: no IP addresses available in range set: {}",
                ctx.node.addresses.cidr()
            ),
        );
        sleep(RETRY).await;
    };
    ctx.node.logs.open(ctx);
    ctx.board.update(|state| {
        state.ip = Some(address);
        state.sandbox = true;
    });
}

/// Takes the address back once the pod's containers have ended: its status still shows it, but another pod may get it.
pub(crate) fn stop(ctx: &PodContext) {
    if let Some(address) = ctx.board.snapshot().ip {
        ctx.node.addresses.release(&address);
    }
}

/// The pod as a host of the network, with the search domains of its DNS policy.
pub(crate) fn host(ctx: &PodContext) -> Host {
    let (spec, state) = (ctx.spec(), ctx.board.snapshot());
    let address = state.ip.unwrap_or_else(|| ctx.node.address.clone());
    let host = ctx.node.network.host(&ctx.node.zone, &address);
    host.with_search(search(&spec, &ctx.namespace)).with_aliases(aliases(&spec))
}

/// The search domains of a pod, strongest first.
pub(super) fn search(spec: &PodSpec, namespace: &str) -> Vec<String> {
    let cluster = match spec.dns_policy.as_deref().unwrap_or("ClusterFirst") {
        "ClusterFirstWithHostNet" => true,
        "ClusterFirst" => !spec.host_network.unwrap_or(false),
        _ => false,
    };
    let domains = ["svc.cluster.local", "cluster.local"].map(str::to_owned);
    let mut search: Vec<String> = match cluster {
        true => [format!("{namespace}.svc.cluster.local")].into_iter().chain(domains).collect(),
        false => Vec::new(),
    };
    let own = spec.dns_config.as_ref().and_then(|config| config.searches.clone());
    search.extend(own.unwrap_or_default());
    search
}

/// `spec.hostAliases`, by name.
fn aliases(spec: &PodSpec) -> BTreeMap<String, String> {
    let all = spec.host_aliases.iter().flatten();
    let names = all.flat_map(|alias| alias.hostnames.iter().flatten().map(|name| (name.clone(), alias.ip.clone())));
    names.collect()
}
