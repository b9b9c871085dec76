//! Resource quotas and limit ranges.

use std::collections::BTreeSet;

use crate::value::Value;

use super::names;
use super::pods::{STANDARD, container_resource, resource_amount, resource_name};
use super::rules::{faults, items, quantity, text};
use crate::status::Cause;

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// What quotas on pods of some scope can count, besides the pods.
const OF_PODS: &[&str] = &[
    "pods",
    "cpu",
    "memory",
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
];

/// Whether quotas count a resource that is not a domain's: all but the size of a claim, which is `requests.storage` here.
fn is_counted(name: &str) -> bool {
    name != "storage" && STANDARD.contains(&name)
}

/// A ResourceQuota.
pub(super) fn quota(quota: &Value, causes: &mut Vec<Cause>) {
    let spec = &quota["spec"];
    let hard: Vec<&str> = spec["hard"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    for name in &hard {
        let place = format!("spec.hard[{name}]");
        let value = &spec["hard"][*name];
        let bare = name
            .strip_prefix("requests.")
            .or_else(|| name.strip_prefix("limits."))
            .unwrap_or(name);
        // Huge pages have names of their own, which are requests here.
        let checked = if bare.starts_with("hugepages-") { bare } else { name };
        resource_name(checked, &place, causes);
        if !name.contains('/') && !is_counted(name) && !bare.starts_with("hugepages-") {
            let detail = "must be a standard resource for quota";
            causes.push(Cause::invalid(place.as_str(), &(*name).into(), detail));
        }
        resource_amount(name, value, &place, causes);
    }
    let scopes: Vec<&str> = items(&spec["scopes"]).iter().map(text).collect();
    let mut refuse = |detail: &str| causes.push(Cause::invalid("spec.scopes", &spec["scopes"], detail));
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            refuse("unsupported scope");
            continue;
        }
        for _ in hard.iter().filter(|name| !fits(scope, name)) {
            refuse("unsupported scope applied to resource");
        }
    }
    for requirement in items(&spec["scopeSelector"]["matchExpressions"]) {
        selected_scope(requirement, causes);
    }
    let mut refuse = |detail: &str| causes.push(Cause::invalid("spec.scopes", &spec["scopes"], detail));
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|scope| scopes.contains(scope)) {
            refuse("conflicting scopes");
        }
    }
}

/// A requirement of a scope selector. Kubernetes names no place in the list.
fn selected_scope(requirement: &Value, causes: &mut Vec<Cause>) {
    const PLACE: &str = "spec.scopeSelector.matchExpressions";
    let (scope, operator) = (text(&requirement["scopeName"]), text(&requirement["operator"]));
    let values = &requirement["values"];
    if !SCOPES.contains(&scope) {
        causes.push(Cause::invalid(format!("{PLACE}.scopeName"), &scope.into(), "unsupported scope"));
    }
    match operator {
        "In" | "NotIn" if items(values).is_empty() => {
            let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
            causes.push(Cause::required(format!("{PLACE}.values"), detail));
        }
        "Exists" | "DoesNotExist" if !items(values).is_empty() => {
            let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
            causes.push(Cause::invalid(format!("{PLACE}.values"), values, detail));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        _ => causes.push(Cause::invalid(
            format!("{PLACE}.operator"),
            &operator.into(),
            "not a valid selector operator",
        )),
    }
}

fn fits(scope: &str, resource: &str) -> bool {
    match scope {
        "BestEffort" => resource == "pods",
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity" => {
            OF_PODS.contains(&resource) || resource.contains('/') || resource.contains("storage") || resource.contains("hugepages-")
        }
        _ => true,
    }
}

const TYPES: &[&str] = &["Pod", "Container", "PersistentVolumeClaim"];
const FIELDS: &[&str] = &["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

/// A LimitRange.
pub(super) fn limits(range: &Value, causes: &mut Vec<Cause>) {
    let mut seen: Vec<&str> = vec![];
    for (i, limit) in items(&range["spec"]["limits"]).iter().enumerate() {
        let place = format!("spec.limits[{i}]");
        let kind = text(&limit["type"]);
        let field = format!("{place}.type");
        let wrong = names::qualified_name(kind);
        faults(&wrong, &field, &kind.into(), causes);
        if wrong.is_empty() && !kind.contains('/') && !TYPES.contains(&kind) {
            let detail = "must be a standard limit type or fully qualified";
            causes.push(Cause::invalid(field.as_str(), &kind.into(), detail));
        }
        if seen.contains(&kind) {
            causes.push(Cause::duplicate(field, &kind.into()));
        }
        seen.push(kind);
        check_limit(limit, kind, &place, causes);
    }
}

fn check_limit(limit: &Value, kind: &str, place: &str, causes: &mut Vec<Cause>) {
    let mut resources: BTreeSet<&str> = BTreeSet::new();
    for field in FIELDS {
        let Some(map) = limit[*field].as_object().filter(|map| !map.is_empty()) else {
            continue;
        };
        if kind == "Pod" && field.starts_with("default") {
            let detail = "may not be specified when `type` is 'Pod'";
            causes.push(Cause::forbidden(format!("{place}.{field}"), detail));
            continue;
        }
        for (resource, _) in map {
            let field = format!("{place}.{field}[{resource}]");
            match kind {
                "Pod" | "Container" => container_resource(resource, &field, causes),
                _ => resource_name(resource, &field, causes),
            }
            resources.insert(resource);
        }
    }
    if kind == "PersistentVolumeClaim" && limit["min"].get("storage").is_none() && limit["max"].get("storage").is_none() {
        let detail = "either minimum or maximum storage value is required, but neither was provided";
        causes.push(Cause::required(place, detail));
    }
    for resource in resources {
        compare(limit, resource, place, causes);
    }
}

/// A bound above another one: the lower field, its word, the upper field, its word, and the field that is blamed and shown.
const ORDERS: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("min", "min", "max", "max", "min", "min"),
    (
        "min",
        "min",
        "defaultRequest",
        "default request",
        "defaultRequest",
        "defaultRequest",
    ),
    (
        "defaultRequest",
        "default request",
        "max",
        "max",
        "defaultRequest",
        "defaultRequest",
    ),
    (
        "defaultRequest",
        "default request",
        "default",
        "default limit",
        "defaultRequest",
        "defaultRequest",
    ),
    ("min", "min", "default", "default", "default", "min"),
    ("default", "default", "max", "max", "default", "max"),
];

fn compare(limit: &Value, resource: &str, place: &str, causes: &mut Vec<Cause>) {
    let value = |field: &str| &limit[field][resource];
    for (low, low_word, high, high_word, blamed, shown) in ORDERS {
        let (Some(a), Some(b)) = (quantity(value(low)), quantity(value(high))) else {
            continue;
        };
        if a.nano > b.nano {
            let (more, less) = (text(value(low)), text(value(high)));
            let detail = format!("{low_word} value {more} is greater than {high_word} value {less}");
            causes.push(Cause::invalid(format!("{place}.{blamed}[{resource}]"), value(shown), &detail));
        }
    }
    let ratio = value("maxLimitRequestRatio");
    if quantity(ratio).is_some_and(|q| q.nano < 1_000_000_000) {
        let detail = format!("ratio {} is less than 1.0", text(ratio));
        causes.push(Cause::invalid(format!("{place}.maxLimitRequestRatio[{resource}]"), ratio, &detail));
    }
}
