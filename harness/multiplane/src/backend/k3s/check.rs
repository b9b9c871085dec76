//! What k3s cannot do for a scenario, told before anything is made.

use scenario::Scenario;

use super::Tags;
use crate::backend::faults::{self, Makes};
use crate::backend::{ClusterSpec, embedded_only, nodes};

/// Why a scenario cannot run on k3s; empty if it can.
pub fn refusals(scenario: &Scenario, tags: &Tags) -> Vec<String> {
    let specs = scenario.clusters.iter().map(|(id, cluster)| ClusterSpec::of(id, cluster));
    let unknown = specs.filter(|spec| tags.image(spec).is_none()).map(|spec| {
        let version = spec.kubernetes.unwrap_or_default();
        format!(
            "cluster {}: no image of k3s for Kubernetes {version} is known; name one with --node-image {version}=rancher/k3s:TAG",
            spec.id
        )
    });
    unknown
        .chain(embedded_only::refusals(scenario))
        .chain(nodes::refusals(scenario))
        .chain(faults::refusals(scenario, Makes::Nothing))
        .collect()
}
