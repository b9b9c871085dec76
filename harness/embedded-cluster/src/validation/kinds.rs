//! Which checks the kinds have.

use crate::value::Value;

use super::rules::{Check, Rule, apply};
use super::{cluster, data, endpoints, events, formats, network, plugins, policy, quotas, rbac, services, slices, storage, webhooks};
use crate::status::Cause;

const INGRESS_CLASS: &[Rule] = &[
    ("spec.controller", Check::With(controller)),
    ("spec.controller", Check::RequiredText(formats::domain_path)),
    ("spec.parameters", Check::With(network::class_parameters)),
];

const LEASE: &[Rule] = &[
    ("spec.leaseDurationSeconds", Check::Above(0)),
    ("spec.leaseTransitions", Check::NotNegative),
];

/// Longest name of a controller of Ingresses, in bytes.
const CONTROLLER: usize = 250;

fn controller(name: &Value, place: &str, causes: &mut Vec<Cause>) {
    if name.as_str().is_some_and(|name| name.len() > CONTROLLER) {
        causes.push(Cause::too_long(place, CONTROLLER));
    }
}

/// What is wrong with an object of a kind; nothing for kinds that have no more than metadata.
pub(super) fn check(group: &str, plural: &str, object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    match (group, plural) {
        ("", "services") => services::check(object, causes),
        ("", "endpoints") => endpoints::check(object, causes),
        ("", "persistentvolumeclaims") => storage::claim(&object["spec"], "spec", causes),
        ("", "persistentvolumes") => storage::volume(object, causes),
        ("", "configmaps") => data::config_map(object, causes),
        ("", "secrets") => data::secret(object, causes),
        ("", "namespaces") => cluster::namespace(object, causes),
        ("", "nodes") => cluster::node(object, causes),
        ("", "resourcequotas") => quotas::quota(object, causes),
        ("", "limitranges") => quotas::limits(object, causes),
        ("rbac.authorization.k8s.io", "rolebindings") => rbac::binding(object, false, causes),
        ("rbac.authorization.k8s.io", "clusterrolebindings") => rbac::binding(object, true, causes),
        ("rbac.authorization.k8s.io", "roles") => rbac::role(object, false, causes),
        ("rbac.authorization.k8s.io", "clusterroles") => rbac::role(object, true, causes),
        ("networking.k8s.io", "ingresses") => network::ingress(object, causes),
        ("networking.k8s.io", "networkpolicies") => network::policy(object, causes),
        ("networking.k8s.io", "ingressclasses") => apply(INGRESS_CLASS, object, "", causes),
        ("storage.k8s.io", "storageclasses") => storage::class(object, causes),
        ("scheduling.k8s.io", "priorityclasses") => cluster::priority_class(object, causes),
        ("coordination.k8s.io", "leases") => apply(LEASE, object, "", causes),
        ("node.k8s.io", "runtimeclasses") => plugins::runtime(object, causes),
        ("storage.k8s.io", "volumeattachments") => plugins::attachment(object, causes),
        ("storage.k8s.io", "csinodes") => plugins::node(object, causes),
        ("storage.k8s.io", "csidrivers") => plugins::driver(object, causes),
        ("apiregistration.k8s.io", "apiservices") => plugins::api_service(object, causes),
        ("discovery.k8s.io", "endpointslices") => slices::check(object, old, causes),
        ("policy", "poddisruptionbudgets") => policy::budget(object, causes),
        ("autoscaling", "horizontalpodautoscalers") => policy::autoscaler(object, old.is_none(), causes),
        ("", "events") => events::core(object, causes),
        ("events.k8s.io", "events") if old.is_none() => events::check(object, causes),
        ("certificates.k8s.io", "certificatesigningrequests") => cluster::signing_request(object, causes),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations" | "mutatingwebhookconfigurations") => {
            webhooks::webhooks(object, causes);
        }
        ("admissionregistration.k8s.io", "validatingadmissionpolicies") => webhooks::policy(object, causes),
        ("admissionregistration.k8s.io", "mutatingadmissionpolicies") => webhooks::mutating_policy(object, causes),
        _ => {}
    }
}
