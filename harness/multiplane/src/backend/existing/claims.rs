//! What a scenario is going to make in each cluster, as far as its files tell.

use std::collections::{BTreeMap, BTreeSet};

use chart::{RenderInput, Values, render};
use scenario::verb::{Apply, Deploy};
use scenario::{Scenario, Verb, token_secret_name};
use serde_json::Value;

use crate::backend::asked::Asked;
use crate::run::step::{apply, deploy};

/// An object that a scenario is going to make.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    pub(super) api_version: String,
    pub(super) kind: String,
    /// Where it stands if its kind stands in namespaces.
    pub(super) namespace: String,
    pub(super) name: String,
    /// Made only if it is missing: one that is there is no fault.
    pub(super) if_missing: bool,
}

impl Claim {
    fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            if_missing: false,
        }
    }

    /// Of an object without a name of its own, nothing can be said.
    fn of(object: &Value, namespace: &str) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let metadata = &object["metadata"];
        Some(Self {
            api_version: text(&object["apiVersion"])?,
            kind: text(&object["kind"])?,
            namespace: text(&metadata["namespace"]).unwrap_or_else(|| namespace.to_owned()),
            name: text(&metadata["name"])?,
            if_missing: false,
        })
    }
}

/// What a scenario makes, by cluster.
pub(super) fn claims(scenario: &Scenario) -> BTreeMap<String, BTreeSet<Claim>> {
    let mut claims: BTreeMap<String, BTreeSet<Claim>> = BTreeMap::new();
    for namespace in scenario.namespaces.values() {
        let name = namespace.name.as_ref().map_or("", |name| name.value.as_str());
        let on = scenario.clusters.keys().filter(|id| {
            let chosen = |on: &scenario::OneOrMany<String>| on.iter().any(|on| on.value == **id);
            namespace.on.as_ref().is_none_or(chosen)
        });
        for cluster in on {
            let claim = Claim::new("v1", "Namespace", "", name);
            claims.entry(cluster.clone()).or_default().insert(claim);
        }
    }
    for step in &scenario.steps {
        let asked = Asked::by(scenario, step);
        let (on, made): (Vec<&str>, Vec<Claim>) = match &step.verb {
            Verb::Deploy(step) => (
                step.on.iter().map(|id| id.value.as_str()).collect(),
                release(scenario, &asked, step),
            ),
            Verb::Apply(step) if !step.delete => (
                step.on.iter().map(|id| id.value.as_str()).collect(),
                applied(scenario, &asked, step),
            ),
            Verb::Grant(step) => {
                for from in step.from.iter() {
                    let name = step.token_secret.clone().unwrap_or_else(|| token_secret_name(&from.value));
                    let secret = Claim::new("v1", "Secret", &step.service_account.namespace, &name);
                    claims.entry(from.value.clone()).or_default().insert(secret);
                }
                let secret = &step.to.secret;
                let namespace = Claim {
                    if_missing: true,
                    ..Claim::new("v1", "Namespace", "", &secret.namespace)
                };
                (
                    vec![step.to.cluster.value.as_str()],
                    vec![namespace, Claim::new("v1", "Secret", &secret.namespace, &secret.name)],
                )
            }
            _ => continue,
        };
        for cluster in on {
            claims.entry(cluster.to_owned()).or_default().extend(made.iter().cloned());
        }
    }
    claims
}

fn applied(scenario: &Scenario, asked: &Asked, step: &Apply) -> Vec<Claim> {
    // What cannot be read says so when its step runs.
    let objects = apply::objects(scenario, asked, step).unwrap_or_default();
    objects.iter().filter_map(|object| Claim::of(object, &step.namespace)).collect()
}

/// The release's own record and namespace, and all that its chart renders to with names that stand for the world's.
fn release(scenario: &Scenario, asked: &Asked, step: &Deploy) -> Vec<Claim> {
    let (name, namespace) = (step.release.value.as_str(), step.namespace.value.as_str());
    let mut claims = vec![Claim::new("v1", "Secret", namespace, &format!("sh.helm.release.v1.{name}.v1"))];
    if step.create_namespace {
        claims.push(Claim::new("v1", "Namespace", "", namespace));
    }
    let values = deploy::values(scenario, asked, step).unwrap_or_else(|_| Values::builder().build());
    let input = RenderInput::install(name, namespace, values, simnet::Clock::real().now());
    let rendered = deploy::load(scenario, step).ok().and_then(|chart| render(&chart, &input).ok());
    if let Some(rendered) = rendered {
        let hooks = rendered.hooks.iter().map(|hook| &hook.manifest);
        let all = rendered.crds.iter().chain(&rendered.manifests).chain(hooks);
        claims.extend(all.filter_map(|manifest| Claim::of(&manifest.object, namespace)));
    }
    claims
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_guides_first_scenario() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/guide/project-and-domain/scenario.yaml");
        let scenario = scenario::load(&file).unwrap().scenario;
        let claims = claims(&scenario);
        let has = |cluster: &str, kind: &str, namespace: &str, name: &str| {
            let mut all = claims[cluster].iter();
            all.any(|claim| (claim.kind.as_str(), claim.namespace.as_str(), claim.name.as_str()) == (kind, namespace, name))
        };
        assert!(has("dataplane_1", "Namespace", "", "flyte"));
        assert!(has("dataplane_1", "Secret", "flyte", "sh.helm.release.v1.flyte-core-data.v1"));
        assert!(has("dataplane_1", "Secret", "flyte", "dataplane1-token"));
        assert!(has(
            "dataplane_1",
            "CustomResourceDefinition",
            "flyte",
            "flyteworkflows.flyte.lyft.com"
        ));
        assert!(has("controlplane", "Secret", "flyte", "cluster-credentials"));
        assert!(has("controlplane", "Deployment", "flyte", "flyteadmin"));
        assert!(!has("dataplane_1", "Deployment", "flyte", "flyteadmin"));
    }
}
