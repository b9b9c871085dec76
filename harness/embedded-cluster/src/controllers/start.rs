//! Starts the controllers of a cluster.

use std::sync::Arc;

use simnet::tls::Authority;
use tokio::task::AbortHandle;

use super::aggregation::Aggregation;
use super::autoscaling::Autoscaling;
use super::certificates::{Certificates, SignRequest};
use super::cron_jobs::CronJobs;
use super::daemon_sets::DaemonSets;
use super::deployments::Deployments;
use super::disruption::Disruption;
use super::endpoints::{Legacy, Mirror, Slices};
use super::garbage::Garbage;
use super::jobs::{Jobs, Ttl};
use super::namespaces::Namespaces;
use super::node_ttl::NodeTtl;
use super::nodes::Nodes;
use super::pod_gc::PodGc;
use super::policy_types::PolicyTypes;
use super::replica_sets::ReplicaSets;
use super::resource_quotas::ResourceQuotas;
use super::root_ca::RootCa;
use super::runtime::{Contexts, Controller, Feed, Manager, Types};
use super::service_accounts::ServiceAccounts;
use super::stateful_sets::StatefulSets;
use super::taint_eviction::TaintEviction;
use super::tokens::{Sign, Tokens};
use super::volume_protection::VolumeProtection;
use super::volumes::Volumes;
use crate::auth::Identity;
use crate::client::Client;

/// User of the controllers' shared watches, and of those that have no account of their own.
const USER: &str = "system:kube-controller-manager";

/// What the controllers need besides the API.
pub(crate) struct Settings {
    /// Wall clock of the cluster.
    pub(crate) clock: simnet::Clock,
    /// The cluster's CA certificate, PEM.
    pub(crate) ca: Arc<str>,
    /// Signs the tokens of Secrets.
    pub(crate) sign: Sign,
    /// Signs certificate requests.
    pub(crate) sign_request: SignRequest,
}

/// Signs certificate requests by an authority.
pub(crate) fn signer(authority: Arc<Authority>) -> SignRequest {
    Arc::new(move |request, usages, seconds| {
        let (client, server) = (usages.contains(&"client auth"), usages.contains(&"server auth"));
        let signed = authority.sign_request(request, client, server, seconds);
        signed.map_err(|error| error.to_string())
    })
}

/// Starts the controllers over any client of a cluster; aborting the handle ends them.
pub(crate) fn start(client: &Client, settings: Settings) -> AbortHandle {
    let contexts = Contexts::new(client.separate(), settings.clock.clone());
    let manager = contexts.user(Identity::new::<String>(USER, []), "kube-controller-manager");
    let feed = Feed::new(manager.client);
    let controllers = controllers(&contexts, settings);
    let manager = Manager::new(feed, contexts.cache, contexts.types, controllers);
    let resources = Types::built_in().iter().map(|known| known.resource.clone()).collect();
    tokio::spawn(manager.run(resources)).abort_handle()
}

/// In the order in which they look at a change.
fn controllers(contexts: &Contexts, settings: Settings) -> Vec<Arc<dyn Controller>> {
    let Settings {
        ca, sign, sign_request, ..
    } = settings;
    let tokens = contexts.user(Identity::new::<String>(USER, []), "token-controller");
    vec![
        Arc::new(Namespaces(contexts.account("namespace-controller"))),
        Arc::new(ServiceAccounts(contexts.account("service-account-controller"))),
        Arc::new(RootCa {
            context: contexts.account("root-ca-cert-publisher"),
            ca: ca.clone(),
        }),
        Arc::new(Tokens { context: tokens, ca, sign }),
        Arc::new(Deployments(contexts.account("deployment-controller"))),
        Arc::new(ReplicaSets::new(contexts.account("replicaset-controller"))),
        Arc::new(ReplicaSets::of_controllers(contexts.account("replication-controller"))),
        Arc::new(StatefulSets(contexts.account("statefulset-controller"))),
        Arc::new(DaemonSets(contexts.account("daemon-set-controller"))),
        Arc::new(Jobs(contexts.account("job-controller"))),
        Arc::new(CronJobs(contexts.account("cronjob-controller"))),
        Arc::new(Ttl(contexts.account("ttl-after-finished-controller"))),
        Arc::new(Slices(contexts.account("endpointslice-controller"))),
        Arc::new(Legacy(contexts.account("endpoint-controller"))),
        Arc::new(Mirror(contexts.account("endpointslicemirroring-controller"))),
        Arc::new(Disruption(contexts.account("disruption-controller"))),
        Arc::new(VolumeProtection(contexts.account("pvc-protection-controller"))),
        Arc::new(Volumes {
            binder: contexts.account("persistent-volume-binder"),
            protection: contexts.account("pv-protection-controller"),
        }),
        Arc::new(ResourceQuotas::new(contexts.account("resourcequota-controller"))),
        Arc::new(Garbage(contexts.account("generic-garbage-collector"))),
        Arc::new(Nodes::new(contexts.account("node-controller"))),
        Arc::new(NodeTtl::new(contexts.account("ttl-controller"))),
        Arc::new(TaintEviction::new(
            contexts.component("node-controller", "taint-eviction-controller"),
        )),
        Arc::new(PodGc(contexts.account("pod-garbage-collector"))),
        Arc::new(Autoscaling(contexts.account("horizontal-pod-autoscaler"))),
        Arc::new(Certificates {
            context: contexts.account("certificate-controller"),
            sign: sign_request,
        }),
        Arc::new(PolicyTypes(contexts.account("validatingadmissionpolicy-status-controller"))),
        Arc::new(Aggregation(contexts.account("clusterrole-aggregation-controller"))),
    ]
}
