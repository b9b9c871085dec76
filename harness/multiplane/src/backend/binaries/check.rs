//! What clusters of this machine's programs cannot do for a scenario, told before anything is made.

use ::binaries::Binaries;
use scenario::Scenario;

use crate::backend::faults::{self, Makes};
use crate::backend::{ClusterSpec, embedded_only};

/// Nodes that a cluster has at most.
const MOST_NODES: usize = u8::MAX as usize;

/// Why a scenario cannot run on these programs; empty if it can. Where none were found, versions are not looked at.
pub fn refusals(scenario: &Scenario, found: Option<&Binaries>) -> Vec<String> {
    let specs = scenario.clusters.iter().map(|(id, cluster)| ClusterSpec::of(id, cluster));
    let sizes = specs.flat_map(|spec| {
        let nodes = (spec.nodes > MOST_NODES).then(|| {
            format!(
                "cluster {}: {} nodes are asked for; it has at most {MOST_NODES}",
                spec.id, spec.nodes
            )
        });
        let version = spec.kubernetes.as_ref().zip(found).and_then(|(wanted, found)| {
            let served = found.kubernetes();
            (*wanted != served).then(|| {
                format!(
                    "cluster {}: Kubernetes {wanted} is asked for; {} is {served}",
                    spec.id,
                    found.apiserver.display()
                )
            })
        });
        nodes.into_iter().chain(version)
    });
    sizes
        .chain(embedded_only::refusals(scenario))
        .chain(faults::refusals(scenario, Makes::Links))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ::binaries::Binaries;

    #[test]
    fn another_version_is_refused() {
        let text = "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: s}\n\
            clusters: {a: {role: other, kubernetes: \"1.36\"}, b: {role: other}}\nsteps:\n- wait: {for: 0s}\n";
        let loaded = scenario::parse_text(Path::new("s.yaml"), text).unwrap_or_else(|invalid| panic!("{invalid}"));
        let found = |minor| Binaries {
            etcd: "/x/etcd".into(),
            apiserver: "/x/kube-apiserver".into(),
            controller_manager: None,
            version: String::new(),
            minor,
        };
        let refused = super::refusals(&loaded.scenario, Some(&found(20)));
        assert_eq!(refused, ["cluster a: Kubernetes 1.36 is asked for; /x/kube-apiserver is 1.20"]);
        assert_eq!(super::refusals(&loaded.scenario, Some(&found(36))), Vec::<String>::new());
    }
}
