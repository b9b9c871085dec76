//! Limit ranges: what containers get that ask for nothing, and how much they may ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Attempt, Plugin};
use crate::object::Object;
use crate::schema::quantity::Quantity;
use crate::status::Status;
use crate::value::Value;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";
/// Fields of a pod with containers, and what annotations call them.
const CONTAINERS: [(&str, &str); 2] = [("containers", "container"), ("initContainers", "init container")];

pub(super) struct LimitRanger;

impl Plugin for LimitRanger {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "pods") || !attempt.is_create() {
            return Ok(());
        }
        for range in ranges(attempt) {
            let mut done = vec![];
            for (field, name) in CONTAINERS {
                let containers = attempt.object["spec"].get_mut(field).and_then(Value::as_array_mut);
                for container in containers.into_iter().flatten() {
                    complete(container, name, range.value(), &mut done);
                }
            }
            if !done.is_empty() {
                let text = format!("LimitRanger plugin set: {}", done.join("; "));
                attempt.object["metadata"]["annotations"][ANNOTATION] = text.into();
            }
        }
        Ok(())
    }

    fn validate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        let pod = attempt.is("", "pods") && attempt.is_create();
        let claim = attempt.is("", "persistentvolumeclaims") && !attempt.is_delete();
        if !pod && !claim {
            return Ok(());
        }
        for range in ranges(attempt) {
            let mut faults = vec![];
            for limit in range.value()["spec"]["limits"].as_array().into_iter().flatten() {
                check(attempt.object, limit, pod, &mut faults);
            }
            match faults.as_slice() {
                [] => {}
                [one] => return Err(attempt.forbid(one)),
                many => return Err(attempt.forbid(&format!("[{}]", many.join(", ")))),
            }
        }
        Ok(())
    }
}

fn ranges(attempt: &Attempt<'_>) -> Vec<Arc<Object>> {
    attempt
        .server
        .store
        .snapshot(&"limitranges".into(), Some(attempt.namespace()))
        .items
}

/// Gives a container the limits and requests that it does not name.
fn complete(container: &mut Value, what: &str, range: &Value, done: &mut Vec<String>) {
    let name = container["name"].as_str().unwrap_or_default().to_owned();
    let mut set = |part: &str, default: &str| {
        let mut names = vec![];
        for limit in range["spec"]["limits"].as_array().into_iter().flatten() {
            let defaults = limit[default].as_object().filter(|_| limit["type"] == "Container");
            for (resource, amount) in defaults.into_iter().flatten() {
                if container["resources"][part].get(resource.as_str()).is_none() {
                    container["resources"][part][resource.as_str()] = amount.clone();
                    names.push(resource.to_string());
                }
            }
        }
        names.sort();
        names.join(", ")
    };
    let (limits, requests) = (set("limits", "default"), set("requests", "defaultRequest"));
    for (names, part) in [(requests, "request"), (limits, "limit")] {
        if !names.is_empty() {
            done.push(format!("{names} {part} for {what} {name}"));
        }
    }
}

type Amounts = BTreeMap<String, Quantity>;

fn amounts(value: &Value) -> Amounts {
    let fields = value.as_object().into_iter().flatten();
    let parsed = fields.filter_map(|(name, amount)| Some((name.to_string(), Quantity::parse(&text(amount)).ok()?)));
    parsed.collect()
}

fn text(amount: &Value) -> String {
    amount.as_str().map_or_else(|| amount.to_string(), str::to_owned)
}

fn check(object: &Value, limit: &Value, pod: bool, faults: &mut Vec<String>) {
    let spec = &object["spec"];
    let containers = |field: &str| spec[field].as_array().into_iter().flatten();
    match (limit["type"].as_str().unwrap_or_default(), pod) {
        (kind @ "Container", true) => {
            for container in containers("containers").chain(containers("initContainers")) {
                let part = |part: &str| amounts(&container["resources"][part]);
                bounds(limit, kind, &part("requests"), &part("limits"), faults);
            }
        }
        (kind @ "Pod", true) => {
            let total = |part: &str| {
                let mut total = Amounts::new();
                for container in containers("containers") {
                    for (name, amount) in amounts(&container["resources"][part]) {
                        match total.get_mut(&name) {
                            Some(sum) => sum.nano += amount.nano,
                            None => {
                                total.insert(name, amount);
                            }
                        }
                    }
                }
                total
            };
            bounds(limit, kind, &total("requests"), &total("limits"), faults);
        }
        (kind @ "PersistentVolumeClaim", false) => storage(limit, kind, &amounts(&spec["resources"]["requests"]), faults),
        _ => {}
    }
}

fn each<'l>(limit: &'l Value, field: &str) -> impl Iterator<Item = (&'l str, String, Quantity)> {
    let fields = limit[field].as_object().into_iter().flatten();
    fields.filter_map(|(name, amount)| Some((name.as_str(), text(amount), Quantity::parse(&text(amount)).ok()?)))
}

fn bounds(limit: &Value, kind: &str, requests: &Amounts, limits: &Amounts, faults: &mut Vec<String>) {
    for (name, shown, min) in each(limit, "min") {
        let usage = format!("minimum {name} usage per {kind} is {shown}");
        match (requests.get(name), limits.get(name)) {
            (None, _) => faults.push(format!("{usage}.  No request is specified")),
            (Some(request), _) if request.nano < min.nano => faults.push(format!("{usage}, but request is {request}")),
            (_, Some(limit)) if limit.nano < min.nano => faults.push(format!("{usage}, but limit is {limit}")),
            _ => {}
        }
    }
    for (name, shown, max) in each(limit, "max") {
        let usage = format!("maximum {name} usage per {kind} is {shown}");
        match (requests.get(name), limits.get(name)) {
            (_, None) => faults.push(format!("{usage}.  No limit is specified")),
            (_, Some(limit)) if limit.nano > max.nano => faults.push(format!("{usage}, but limit is {limit}")),
            (Some(request), _) if request.nano > max.nano => faults.push(format!("{usage}, but request is {request}")),
            _ => {}
        }
    }
    for (name, shown, most) in each(limit, "maxLimitRequestRatio") {
        let usage = format!("{name} max limit to request ratio per {kind} is {shown}");
        let positive = |amounts: &Amounts| amounts.get(name).map(|amount| amount.nano).filter(|nano| *nano > 0);
        match (positive(requests), positive(limits)) {
            (None, _) => faults.push(format!("{usage}, but no request is specified or request is 0")),
            (_, None) => faults.push(format!("{usage}, but no limit is specified or limit is 0")),
            (Some(request), Some(limit)) => {
                let whole = 1_000_000_000;
                if limit * whole > request * most.nano {
                    #[expect(clippy::cast_precision_loss, reason = "it is only shown")]
                    let ratio = limit as f64 / request as f64;
                    faults.push(format!("{usage}, but provided ratio is {ratio:.6}"));
                }
            }
        }
    }
}

fn storage(limit: &Value, kind: &str, requests: &Amounts, faults: &mut Vec<String>) {
    for (field, word) in [("min", "minimum"), ("max", "maximum")] {
        for (name, shown, bound) in each(limit, field) {
            let usage = format!("{word} {name} usage per {kind} is {shown}");
            match requests.get(name) {
                None => faults.push(format!("{usage}.  No request is specified")),
                Some(request) if (field == "min") == (request.nano < bound.nano) && request.nano != bound.nano => {
                    faults.push(format!("{usage}, but request is {request}"));
                }
                Some(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[rstest::rstest]
    #[case(json!({"min": {"cpu": "50m"}}), json!({"requests": {"cpu": "10m"}}), "minimum cpu usage per Container is 50m, but request is 10m")]
    #[case(json!({"min": {"cpu": "50m"}}), json!({}), "minimum cpu usage per Container is 50m.  No request is specified")]
    #[case(json!({"max": {"cpu": "2"}}), json!({"limits": {"cpu": "3"}}), "maximum cpu usage per Container is 2, but limit is 3")]
    #[case(json!({"max": {"cpu": "2"}}), json!({"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}), "")]
    #[case(json!({"maxLimitRequestRatio": {"cpu": "4"}}), json!({"limits": {"cpu": "1"}, "requests": {"cpu": "100m"}}),
        "cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000")]
    fn containers(#[case] mut limit: Value, #[case] resources: Value, #[case] expected: &str) {
        limit["type"] = "Container".into();
        let pod = json!({"spec": {"containers": [{"name": "c", "resources": resources}]}});
        let mut faults = vec![];
        check(&pod, &limit, true, &mut faults);
        assert_eq!(faults.join("; "), expected);
    }
}
