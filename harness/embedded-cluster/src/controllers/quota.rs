//! What is used of a quota: the controller's tallies, and admission's.

use std::sync::Arc;

use super::fields::Fields;
use super::pods;
use crate::object::Object;
use crate::schema::quantity::Quantity;
use crate::value::{Map, Value};

const CLAIMS: &str = "persistentvolumeclaims";
/// Names in quotas that count objects of the type with this name, beside `count/<plural>.<group>`.
const COUNTED: [&str; 7] = [
    "configmaps",
    CLAIMS,
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
];
/// Between a storage class and what of its claims is limited.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";
/// Types that no quota counts.
const IGNORED: [&str; 2] = ["events", "events.events.k8s.io"];

/// The qualified name of the type whose objects a name in a quota is about.
pub(crate) fn measured(name: &str) -> Option<&str> {
    if name.contains(OF_CLASS) {
        return Some(CLAIMS);
    }
    if let Some(kind) = name.strip_prefix("count/") {
        return (!IGNORED.contains(&kind)).then_some(kind);
    }
    match name.split_once('.') {
        _ if matches!(name, "cpu" | "memory" | "ephemeral-storage") => Some("pods"),
        _ if name == "requests.storage" => Some(CLAIMS),
        Some(("requests" | "limits", _)) => Some("pods"),
        Some(("services", _)) => Some("services"),
        _ => COUNTED.contains(&name).then_some(name),
    }
}

/// What is used of each resource that a quota limits. It is kept by the changes of objects, so that a change costs the same however many
/// there are.
pub(crate) struct Tally {
    quota: Arc<Object>,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    used: Quantity,
}

impl Tally {
    /// Nothing used yet of what `hard` limits of the types that are known; names that mean nothing here are left out.
    pub(crate) fn new(quota: &Arc<Object>, hard: &Value, known: impl Fn(&str) -> bool) -> Self {
        let names = hard.as_object().into_iter().flat_map(Map::keys);
        let meant = names.filter(|name| measured(name).is_some_and(&known));
        let row = |name: &_| Row {
            name: String::from(name),
            used: Quantity::ZERO,
        };
        Self {
            quota: quota.clone(),
            rows: meant.map(|name| row(name.as_str())).collect(),
        }
    }

    /// The types that it is about, by qualified name; more than once where several names are about one.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|row| measured(&row.name))
    }

    /// How much more a change of an object of the type `kind` uses, and how much is used without it; of what it does not change, nothing.
    pub(crate) fn differences(
        &self,
        kind: &str,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> impl Iterator<Item = (&str, Quantity, Quantity)> {
        let concerned = self.rows.iter().filter(move |row| measured(&row.name) == Some(kind));
        concerned.filter_map(move |row| {
            let of = |object: Option<&Value>| object.map_or(Quantity::ZERO, |object| amount(&self.quota, &row.name, object));
            let more = of(after) - of(before);
            (more.nano != 0).then_some((row.name.as_str(), more, row.used))
        })
    }

    /// Takes a change of an object of the type `kind` in, and answers whether anything of what is used changed with it.
    pub(crate) fn change(&mut self, kind: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
        let differences = self.differences(kind, before, after);
        let changes: Vec<(String, Quantity)> = differences.map(|(name, more, _)| (name.to_owned(), more)).collect();
        for (name, more) in &changes {
            if let Some(row) = self.rows.iter_mut().find(|row| row.name == *name) {
                row.used = row.used + *more;
            }
        }
        !changes.is_empty()
    }

    /// `status.used`.
    pub(crate) fn used(&self) -> Value {
        let rows = self.rows.iter();
        Value::Object(rows.map(|row| (row.name.clone(), row.used.to_string().into())).collect())
    }
}

/// How much of a resource an object uses that the resource is about.
fn amount(quota: &Object, name: &str, object: &Value) -> Quantity {
    let count = |number: usize| Quantity::whole(i64::try_from(number).unwrap_or(i64::MAX));
    let storage = || quantity(object.str_at("/spec/resources/requests/storage"));
    if measured(name) == Some("pods") && (pods::is_ended(object) || !is_in_scope(quota, object)) {
        return Quantity::ZERO;
    }
    if let Some((class, what)) = name.split_once(OF_CLASS) {
        return match what {
            _ if object.str_at("/spec/storageClassName") != class => Quantity::ZERO,
            "requests.storage" => storage(),
            _ => count(1),
        };
    }
    match name {
        "services.loadbalancers" => count(usize::from(object.str_at("/spec/type") == "LoadBalancer")),
        "services.nodeports" => count(node_ports(object)),
        "requests.storage" => storage(),
        "cpu" | "memory" | "ephemeral-storage" => of_pod(object, "requests", name),
        _ => match name.split_once('.') {
            Some((list @ ("requests" | "limits"), resource)) => of_pod(object, list, resource),
            _ => count(1),
        },
    }
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or(Quantity::ZERO)
}

fn node_ports(service: &Value) -> usize {
    let with_ports = matches!(service.str_at("/spec/type"), "NodePort" | "LoadBalancer");
    if with_ports { service.list_at("/spec/ports").len() } else { 0 }
}

/// Whether a quota's scopes let a pod count.
pub(crate) fn is_in_scope(quota: &Object, pod: &Value) -> bool {
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

/// What a pod uses: its containers together, or the largest init container.
fn of_pod(pod: &Value, list: &str, resource: &str) -> Quantity {
    let of = |container: &Value| quantity(container["resources"][list][resource].as_str().unwrap_or_default());
    let inits = pod.list_at("/spec/initContainers");
    let sidecars = inits.iter().filter(|container| container["restartPolicy"] == "Always");
    let running = pod.list_at("/spec/containers").iter().chain(sidecars);
    let together = running.map(of).fold(Quantity::ZERO, |sum, more| sum + more);
    let most = inits.iter().map(of).max_by_key(|amount| amount.nano).unwrap_or(Quantity::ZERO);
    if most.nano > together.nano { most } else { together }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::value::json;

    #[rstest]
    #[case("count/deployments.apps", Some("deployments.apps"))]
    #[case("count/flyteworkflows.flyte.lyft.com", Some("flyteworkflows.flyte.lyft.com"))]
    #[case("configmaps", Some("configmaps"))]
    #[case("limits.cpu", Some("pods"))]
    #[case("gold.storageclass.storage.k8s.io/requests.storage", Some("persistentvolumeclaims"))]
    #[case("count/events", None)]
    #[case("limits", None)]
    fn measured_types(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(measured(name), expected);
    }

    fn pod(cpu: &str, phase: &str) -> Value {
        json!({
            "spec": {
                "containers": [{"resources": {"requests": {"cpu": cpu}}}, {"resources": {"requests": {"cpu": "250m"}}}],
                "initContainers": [{"resources": {"requests": {"cpu": "500m"}}}],
            },
            "status": {"phase": phase},
        })
    }

    #[test]
    fn changes_add_up() {
        let hard = json!({"pods": "9", "cpu": "4", "count/flyteworkflows.flyte.lyft.com": "3", "count/unknown.test": "1"});
        let quota = Arc::new(Object::new(json!({"spec": {"hard": hard.clone()}})));
        let mut tally = Tally::new(&quota, &hard, |kind| kind != "unknown.test");
        let mut counts = |kind: &str, before: Option<Value>, after: Option<Value>| {
            let changed = tally.change(kind, before.as_ref(), after.as_ref());
            let used = tally.used();
            let text = |name: &str| used[name].as_str().unwrap_or("-").to_owned();
            (changed, text("pods"), text("cpu"), text("count/flyteworkflows.flyte.lyft.com"))
        };
        let is = |changed, pods: &str, cpu: &str, workflows: &str| (changed, pods.to_owned(), cpu.to_owned(), workflows.to_owned());
        assert_eq!(counts("pods", None, Some(pod("100m", ""))), is(true, "1", "500m", "0"));
        assert_eq!(counts("pods", None, Some(pod("1", "Running"))), is(true, "2", "1750m", "0"));
        assert_eq!(
            counts("flyteworkflows.flyte.lyft.com", None, Some(json!({}))),
            is(true, "2", "1750m", "1")
        );
        let ended = counts("pods", Some(pod("1", "Running")), Some(pod("1", "Succeeded")));
        assert_eq!(ended, is(true, "1", "500m", "1"));
        assert_eq!(counts("pods", Some(pod("1", "Succeeded")), None), is(false, "1", "500m", "1"));
        assert_eq!(counts("configmaps", None, Some(json!({}))), is(false, "1", "500m", "1"));
        assert_eq!(counts("unknown.test", None, Some(json!({}))), is(false, "1", "500m", "1"));
        assert!(tally.used().get("count/unknown.test").is_none());
    }
}
