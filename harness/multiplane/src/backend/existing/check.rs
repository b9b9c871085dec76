//! What clusters that are there already cannot do for a scenario, told before anything is made.

use scenario::expression::{Expression, Vantage};
use scenario::{Role, Scenario, Step, Verb};

use super::Contexts;
use crate::backend::asked::expressions;
use crate::backend::embedded_only;
use crate::backend::faults::{self, Makes};

/// Why a scenario cannot run on these contexts; empty if it can.
pub fn refusals(scenario: &Scenario, contexts: &Contexts) -> Vec<String> {
    let asked = expressions(scenario);
    let mut refused = faults::refusals(scenario, Makes::Nothing);
    refused.extend(embedded_only::refusals(scenario));
    for id in scenario.clusters.keys().filter(|id| !contexts.ids().contains(id.as_str())) {
        refused.push(format!("cluster {id} has no context; add --context {id}=CONTEXT"));
    }
    if needs_planes(scenario, &asked) {
        refused.push(
            "it deploys a control plane, probes credentials or asks for an Ingress. Flyte's reference planes need a store that all clusters \
             share, and their image in the nodes under the names of the charts, which multiplane does not bring to clusters that are not its \
             own; use --backend kind or container. `probe: false` lets a grant do without"
                .to_owned(),
        );
    }
    let admin = |step: &Step| {
        matches!(
            step.verb,
            Verb::Project(_) | Verb::Label(_) | Verb::Register(_) | Verb::Submit(_) | Verb::Terminate(_)
        )
    };
    if let Some(step) = scenario.steps.iter().find(|step| admin(step)) {
        refused.push(format!(
            "line {}: {} asks flyteadmin, and this machine has no way to Services of clusters that are not its own",
            step.span.line,
            step.verb.name()
        ));
    }
    if let Some(step) = scenario.steps.iter().find(|step| step.verb.needs_real_time()) {
        refused.push(format!(
            "line {}: {} starts a program of its own with an administrator's kubeconfig, and nothing keeps it from what was there before",
            step.span.line,
            step.verb.name()
        ));
    }
    for asked in &asked {
        refused.extend(match asked {
            Expression::Api { cluster, from: Vantage::Pods } => no_address(contexts, cluster),
            Expression::Service { cluster, namespace, name, port } => Some(format!(
                "Service {namespace}/{name}:{port} of {cluster} has no address that pods of other clusters reach and multiplane knows; give it in \
                 `vars`, such as a load balancer's"
            )),
            _ => None,
        });
    }
    refused.dedup();
    refused
}

/// Whether a scenario runs Flyte's control plane, tries credentials from a pod, or asks for an Ingress.
fn needs_planes(scenario: &Scenario, asked: &[Expression]) -> bool {
    let controlplane = |id: &str| scenario.clusters.get(id).is_some_and(|cluster| cluster.role == Role::Controlplane);
    let step = |step: &Step| match &step.verb {
        Verb::Deploy(deploy) | Verb::Upgrade(deploy) => deploy.on.iter().any(|id| controlplane(&id.value)),
        Verb::Grant(grant) => grant.probe,
        Verb::Fault(fault) => fault.matches.credential.is_some(),
        _ => false,
    };
    scenario.steps.iter().any(step) || asked.iter().any(|asked| matches!(asked, Expression::Ingress { .. }))
}

fn no_address(contexts: &Contexts, cluster: &str) -> Option<String> {
    let context = contexts.by_cluster.get(cluster)?;
    context.from_pods.is_none().then(|| {
        format!(
            "the API server of {cluster} is {} in the kubeconfig, which pods of other clusters do not reach; add --api {cluster}=https://HOST:PORT",
            context.server
        )
    })
}
