//! What is used of a quota: the controller's sums, and admission's.

use std::sync::Arc;

use super::fields::Fields;
use super::pods;
use super::resources::{PODS, RESOURCE_QUOTAS, SERVICES, VOLUME_CLAIMS};
use super::runtime::Types;
use crate::object::Object;
use crate::resource::Resource;
use crate::schema::quantity::Quantity;
use crate::value::{Map, Value};

/// Names in quotas that count objects of a type, beside `count/<plural>.<group>`.
const COUNTED: [(&str, Resource); 7] = [
    ("configmaps", Resource::new("", "v1", "configmaps")),
    ("persistentvolumeclaims", VOLUME_CLAIMS),
    ("pods", PODS),
    ("replicationcontrollers", Resource::new("", "v1", "replicationcontrollers")),
    ("resourcequotas", RESOURCE_QUOTAS),
    ("secrets", Resource::new("", "v1", "secrets")),
    ("services", SERVICES),
];

/// What is used of each resource that a quota limits; names that mean nothing here are left out.
///
/// `all` gives the objects of a type in the quota's namespace, `hard` what is limited.
pub(crate) fn used(all: &dyn Fn(&Resource) -> Vec<Arc<Object>>, quota: &Object, hard: &Value) -> Value {
    let about_pods = |name: &str| measured(name).is_some_and(|resource| resource.qualified() == PODS.qualified());
    let pods: Vec<Arc<Object>> = if hard.as_object().into_iter().flat_map(Map::keys).any(|name| about_pods(name)) {
        let all = all(&PODS).into_iter();
        all.filter(|pod| !pods::is_ended(pod) && is_in_scope(quota, pod)).collect()
    } else {
        Vec::new()
    };
    let mut used = Map::new();
    for name in hard.as_object().into_iter().flat_map(Map::keys) {
        let amount = match name.as_str() {
            "pods" | "count/pods" => Some(pods.len().to_string()),
            "services.loadbalancers" => Some(
                all(&SERVICES)
                    .iter()
                    .filter(|s| s.str_at("/spec/type") == "LoadBalancer")
                    .count()
                    .to_string(),
            ),
            "services.nodeports" => Some(all(&SERVICES).iter().map(|service| node_ports(service)).sum::<usize>().to_string()),
            "requests.storage" => {
                let claims = all(&VOLUME_CLAIMS);
                Some(sum(claims.iter().map(|claim| claim.str_at("/spec/resources/requests/storage"))))
            }
            "cpu" | "memory" | "ephemeral-storage" => Some(of_pods(&pods, "requests", name)),
            _ => match name.split_once('.') {
                Some((list @ ("requests" | "limits"), resource)) => Some(of_pods(&pods, list, resource)),
                _ => counted(name).map(|resource| all(&resource).len().to_string()),
            },
        };
        used.extend(amount.map(|amount| (name.clone(), amount.into())));
    }
    Value::Object(used)
}

/// The type whose objects a name in a quota is about.
pub(crate) fn measured(name: &str) -> Option<Resource> {
    match name.split_once('.') {
        _ if matches!(name, "cpu" | "memory" | "ephemeral-storage") => Some(PODS),
        _ if name == "requests.storage" => Some(VOLUME_CLAIMS),
        Some(("requests" | "limits", _)) => Some(PODS),
        Some(("services", _)) => Some(SERVICES),
        _ => counted(name),
    }
}

/// The type that a name in a quota counts.
fn counted(name: &str) -> Option<Resource> {
    if let Some((_, resource)) = COUNTED.iter().find(|(known, _)| *known == name) {
        return Some(resource.clone());
    }
    let (plural, group) = name.strip_prefix("count/").map(|rest| rest.split_once('.').unwrap_or((rest, "")))?;
    let mut types = Types::built_in().iter();
    types
        .find(|known| known.resource.plural() == plural && known.resource.group() == group)
        .map(|known| known.resource.clone())
}

fn node_ports(service: &Object) -> usize {
    let with_ports = matches!(service.str_at("/spec/type"), "NodePort" | "LoadBalancer");
    if with_ports { service.list_at("/spec/ports").len() } else { 0 }
}

/// Whether a quota's scopes let a pod count.
pub(crate) fn is_in_scope(quota: &Object, pod: &Object) -> bool {
    let holds = |scope: &str| match scope {
        "Terminating" => !pod.at("/spec/activeDeadlineSeconds").is_null(),
        "NotTerminating" => pod.at("/spec/activeDeadlineSeconds").is_null(),
        "BestEffort" => pod.str_at("/status/qosClass") == "BestEffort",
        "NotBestEffort" => pod.str_at("/status/qosClass") != "BestEffort",
        _ => false,
    };
    let class = pod.str_at("/spec/priorityClassName");
    let selected = |requirement: &Value| {
        let listed = requirement.list_at("/values").iter().any(|value| value == class);
        match (requirement.str_at("/scopeName"), requirement.str_at("/operator")) {
            ("PriorityClass", "In") => listed,
            ("PriorityClass", "NotIn") => !listed,
            ("PriorityClass", "Exists") => !class.is_empty(),
            ("PriorityClass", "DoesNotExist") => class.is_empty(),
            (scope, _) => holds(scope),
        }
    };
    quota.list_at("/spec/scopes").iter().filter_map(Value::as_str).all(holds)
        && quota.list_at("/spec/scopeSelector/matchExpressions").iter().all(selected)
}

/// The sum of a resource over pods: of each the containers together, or the largest init container.
fn of_pods(pods: &[Arc<Object>], list: &str, resource: &str) -> String {
    let amount = |container: &Value| container["resources"][list][resource].as_str().unwrap_or("0").to_owned();
    let of_pod = |pod: &Arc<Object>| {
        let inits = pod.list_at("/spec/initContainers");
        let sidecars = inits.iter().filter(|container| container["restartPolicy"] == "Always");
        let running: Vec<String> = pod.list_at("/spec/containers").iter().chain(sidecars).map(amount).collect();
        let together = sum(running.iter().map(String::as_str));
        let nano = |text: &str| Quantity::parse(text).map_or(0, |quantity| quantity.nano);
        inits
            .iter()
            .map(amount)
            .chain([together])
            .max_by_key(|text| nano(text))
            .unwrap_or_default()
    };
    let amounts: Vec<String> = pods.iter().map(of_pod).collect();
    sum(amounts.iter().map(String::as_str))
}

/// The sum of quantities, in the form of the first that is not zero.
fn sum<'a>(amounts: impl Iterator<Item = &'a str>) -> String {
    let mut total: Option<Quantity> = None;
    for amount in amounts
        .filter_map(|text| Quantity::parse(text).ok())
        .filter(|amount| amount.nano != 0)
    {
        match &mut total {
            Some(total) => total.nano += amount.nano,
            None => total = Some(amount),
        }
    }
    total.map_or_else(|| "0".to_owned(), |total| total.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], "0")]
    #[case(&["500m", "1"], "1500m")]
    #[case(&["0", "512Mi", "512Mi"], "1Gi")]
    #[case(&["1", "1"], "2")]
    fn sums(#[case] amounts: &[&str], #[case] expected: &str) {
        assert_eq!(sum(amounts.iter().copied()), expected);
    }

    #[rstest]
    #[case("count/deployments.apps", Some("deployments"))]
    #[case("configmaps", Some("configmaps"))]
    #[case("count/deployments", None)]
    #[case("limits", None)]
    fn counted_types(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(counted(name).as_ref().map(Resource::plural), expected);
    }
}
