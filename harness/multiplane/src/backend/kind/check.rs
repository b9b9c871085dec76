//! What kind cannot do for a scenario, told before anything is made.

use scenario::expression::Expression;
use scenario::{Role, Scenario, Verb};

use super::Configs;
use crate::backend::asked::expressions;
use crate::backend::faults::{self, Makes};
use crate::backend::{ClusterSpec, embedded_only, nodes};

/// Why a scenario cannot run on kind; empty if it can.
pub fn refusals(scenario: &Scenario, configs: &Configs) -> Vec<String> {
    let mut refused = faults::refusals(scenario, Makes::Nothing);
    refused.extend(embedded_only::refusals(scenario));
    refused.extend(nodes::refusals(scenario));
    for (id, cluster) in &scenario.clusters {
        let spec = ClusterSpec::of(id, cluster);
        let checked = configs
            .image(&spec)
            .and_then(|_| configs.generate(&spec, "check", super::HostFacts { cgroup_v1: false }, None));
        refused.extend(checked.err().map(|error| error.to_string()));
    }
    refused
}

/// Whether a scenario needs what is ours in its clusters: the images of the reference planes, their stores, the Ingress controller. It does if
/// it deploys a control plane, tries credentials, or asks for an Ingress.
pub fn needs_planes(scenario: &Scenario) -> bool {
    let deploys = scenario
        .steps
        .iter()
        .any(|step| matches!(step.verb, Verb::Deploy(_) | Verb::Upgrade(_)));
    let controlplane = scenario.clusters_of(Role::Controlplane).next().is_some();
    let probes = scenario.steps.iter().any(|step| match &step.verb {
        Verb::Grant(grant) => grant.probe,
        Verb::Fault(fault) => fault.matches.credential.is_some(),
        _ => false,
    });
    let ingress = expressions(scenario)
        .iter()
        .any(|asked| matches!(asked, Expression::Ingress { .. }));
    (deploys && controlplane) || probes || ingress
}
