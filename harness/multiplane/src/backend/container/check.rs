//! What clusters in containers cannot do for a scenario, told before anything is made.

use scenario::Scenario;

use crate::backend::faults::{self, Makes};
use crate::backend::{ClusterSpec, embedded_only, member};

/// Why a scenario cannot run in containers; empty if it can.
pub fn refusals(scenario: &Scenario) -> Vec<String> {
    let specs = scenario.clusters.iter().map(|(id, cluster)| ClusterSpec::of(id, cluster));
    let sizes = specs.filter_map(|spec| member::check(&spec).err()).map(|error| error.to_string());
    sizes
        .chain(embedded_only::refusals(scenario))
        .chain(faults::refusals(scenario, Makes::Machines))
        .collect()
}
