//! What kind cannot do for a scenario, told before anything is made.

use std::cell::RefCell;
use std::collections::BTreeSet;

use scenario::expression::{Expression, Names, interpolate_value};
use scenario::{Scenario, Verb, files};
use serde_json::Value;

use super::Configs;
use crate::backend::ClusterSpec;

/// Why a scenario cannot run on kind; empty if it can.
pub fn refusals(scenario: &Scenario, configs: &Configs) -> Vec<String> {
    let mut refused = Vec::new();
    for (id, cluster) in &scenario.clusters {
        let spec = ClusterSpec::of(id, cluster);
        let checked = configs
            .image(&spec)
            .and_then(|_| configs.generate(&spec, "check", super::HostFacts { cgroup_v1: false }));
        refused.extend(checked.err().map(|error| error.to_string()));
    }
    let ingresses = ingresses(scenario);
    refused.extend(ingresses.iter().map(|(file, cluster)| {
        format!(
            "{file} uses ${{{{ clusters.{cluster}.ingress.pods }}}}, but clusters of kind have no Ingress controller; \
             use ${{{{ clusters.{cluster}.services['namespace/name:port'].pods }}}}"
        )
    }));
    refused
}

/// Notes which Ingresses are asked for.
#[derive(Default)]
struct Asked(RefCell<BTreeSet<String>>);

impl Names for Asked {
    fn resolve(&self, expression: &Expression) -> Result<String, String> {
        if let Expression::Ingress { cluster } = expression {
            self.0.borrow_mut().insert(cluster.clone());
        }
        Ok(String::new())
    }
}

/// Files with the clusters whose Ingress they use. A file that cannot be read says so when its step runs.
fn ingresses(scenario: &Scenario) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut note = |file: String, asked: Asked| found.extend(asked.0.into_inner().into_iter().map(|cluster| (file.clone(), cluster)));
    let own = scenario.file.display().to_string();
    for step in &scenario.steps {
        let asked = Asked::default();
        match &step.verb {
            Verb::Deploy(deploy) | Verb::Upgrade(deploy) => {
                for file in &deploy.values_files {
                    let (path, asked) = (scenario.path(&file.value), Asked::default());
                    let _ = files::helm_values(&path, &asked);
                    note(path.display().to_string(), asked);
                }
                let set = deploy.set.iter().cloned().map(Value::String).collect();
                let _ = interpolate_value(&Value::Object(deploy.values.clone()), &asked);
                let _ = interpolate_value(&Value::Array(set), &asked);
            }
            Verb::Apply(apply) => {
                for file in &apply.manifests {
                    let (path, asked) = (scenario.path(&file.value), Asked::default());
                    let _ = files::manifests(&path, &asked);
                    note(path.display().to_string(), asked);
                }
                for object in &apply.objects {
                    let _ = interpolate_value(&Value::Object(object.clone()), &asked);
                }
            }
            _ => {}
        }
        note(own.clone(), asked);
    }
    found
}
