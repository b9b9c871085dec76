//! What kind cannot do for a scenario, told before anything is made.

use std::cell::Cell;

use scenario::expression::{Expression, Names, interpolate_value};
use scenario::{Role, Scenario, Verb, files};
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
    let probes = scenario
        .steps
        .iter()
        .any(|step| matches!(&step.verb, Verb::Grant(grant) if grant.probe));
    (deploys && controlplane) || probes || asks_for_ingress(scenario)
}

/// Notes whether an Ingress is asked for.
#[derive(Default)]
struct Asked(Cell<bool>);

impl Names for Asked {
    fn resolve(&self, expression: &Expression) -> Result<String, String> {
        if matches!(expression, Expression::Ingress { .. }) {
            self.0.set(true);
        }
        Ok(String::new())
    }
}

/// Whether a step or a file of it uses an Ingress' address. A file that cannot be read says so when its step runs.
fn asks_for_ingress(scenario: &Scenario) -> bool {
    let asked = Asked::default();
    for step in &scenario.steps {
        match &step.verb {
            Verb::Deploy(deploy) | Verb::Upgrade(deploy) => {
                for file in &deploy.values_files {
                    let _ = files::helm_values(&scenario.path(&file.value), &asked);
                }
                let set = deploy.set.iter().cloned().map(Value::String).collect();
                let _ = interpolate_value(&Value::Object(deploy.values.clone()), &asked);
                let _ = interpolate_value(&Value::Array(set), &asked);
            }
            Verb::Apply(apply) => {
                for file in &apply.manifests {
                    let _ = files::manifests(&scenario.path(&file.value), &asked);
                }
                for object in &apply.objects {
                    let _ = interpolate_value(&Value::Object(object.clone()), &asked);
                }
            }
            _ => {}
        }
    }
    asked.0.get()
}
