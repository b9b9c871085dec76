//! Requests and limits of containers.

use crate::value::{Value, json};

use super::super::names;
use super::super::rules::{faults, items, not_one_of, quantity, text};
use crate::status::Cause;

const OF_CONTAINERS: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const WHOLE: i128 = 1_000_000_000;

/// Names of resources that are not a domain's, of anything.
pub(in crate::validation) const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

fn is_huge(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Not a resource of some vendor.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// A vendor's resource that quotas can count.
fn is_extended(name: &str) -> bool {
    !name.starts_with("requests.") && names::qualified_name(&format!("requests.{name}")).is_empty()
}

/// A resource's name, anywhere.
pub(in crate::validation) fn name(name: &str, place: &str, causes: &mut Vec<Cause>) {
    let wrong = names::qualified_name(name);
    faults(&wrong, place, &name.into(), causes);
    if wrong.is_empty() && !name.contains('/') && !STANDARD.contains(&name) && !is_huge(name) {
        let detail = "must be a standard resource type or fully qualified";
        causes.push(Cause::invalid(place, &name.into(), detail));
    }
}

/// A resource's name in a container.
pub(in crate::validation) fn container_name(resource: &str, place: &str, causes: &mut Vec<Cause>) {
    name(resource, place, causes);
    if !resource.contains('/') && !OF_CONTAINERS.contains(&resource) && !is_huge(resource) {
        let detail = "must be a standard resource for containers";
        causes.push(Cause::invalid(place, &resource.into(), detail));
    } else if !is_native(resource) && !is_extended(resource) {
        let detail = "doesn't follow extended resource name standard";
        causes.push(Cause::invalid(place, &resource.into(), detail));
    }
}

/// An amount of a resource.
pub(in crate::validation) fn amount(resource: &str, value: &Value, place: &str, causes: &mut Vec<Cause>) {
    let Some(quantity) = quantity(value) else { return };
    if quantity.nano < 0 {
        causes.push(Cause::invalid(place, value, "must be greater than or equal to 0"));
    }
    let counted = !is_native(resource) || COUNTED.contains(&resource);
    if counted && quantity.nano % WHOLE != 0 {
        causes.push(Cause::invalid(place, value, "must be an integer"));
    }
}

/// Resources that come in whole numbers.
const COUNTED: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// A container's requests and limits.
pub(super) fn check(resources: &Value, place: &str, causes: &mut Vec<Cause>) {
    let (limits, requests) = (&resources["limits"], &resources["requests"]);
    let mut huge = false;
    let mut usual = false;
    for (list, field) in [(limits, "limits"), (requests, "requests")] {
        for (resource, value) in list.as_object().into_iter().flatten() {
            let item = format!("{place}.{field}[{resource}]");
            container_name(resource, &item, causes);
            amount(resource, value, &item, causes);
            if field == "requests" {
                compare(resource, value, limits, place, causes);
            }
            huge |= is_huge(resource);
            usual |= resource == "cpu" || resource == "memory";
        }
    }
    if huge && !usual {
        causes.push(Cause::forbidden(place, "HugePages require cpu or memory"));
    }
}

fn compare(resource: &str, value: &Value, limits: &Value, place: &str, causes: &mut Vec<Cause>) {
    let shared = is_native(resource) && !is_huge(resource);
    let limit = &limits[resource];
    let Some(wanted) = quantity(value) else { return };
    match quantity(limit) {
        Some(most) if !shared && wanted.nano != most.nano => {
            refuse(
                value,
                &format!("must be equal to {resource} limit of {}", text(limit)),
                place,
                causes,
            );
        }
        Some(most) if wanted.nano > most.nano => {
            let detail = format!("must be less than or equal to {resource} limit of {}", text(limit));
            refuse(value, &detail, place, causes);
        }
        None if !shared => {
            let detail = "Limit must be set for non overcommitable resources";
            causes.push(Cause::required(format!("{place}.limits"), detail));
        }
        _ => {}
    }
}

fn refuse(value: &Value, detail: &str, place: &str, causes: &mut Vec<Cause>) {
    causes.push(Cause::invalid(format!("{place}.requests"), value, detail));
}

/// What is resized with a restart and what without.
pub(super) fn resize(policies: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut seen: Vec<&str> = vec![];
    for (i, policy) in items(policies).iter().enumerate() {
        let resource = text(&policy["resourceName"]);
        if seen.contains(&resource) {
            causes.push(Cause::duplicate(format!("{place}[{i}]"), &policy["resourceName"]));
        }
        seen.push(resource);
        match resource {
            "cpu" | "memory" => {}
            "" => causes.push(Cause::required(place, "")),
            _ => causes.push(not_one_of(place, &policy["resourceName"], &["cpu", "memory"])),
        }
        match text(&policy["restartPolicy"]) {
            "NotRequired" | "RestartContainer" => {}
            "" => causes.push(Cause::required(place, "")),
            _ => causes.push(not_one_of(place, &policy["restartPolicy"], &["NotRequired", "RestartContainer"])),
        }
    }
}

/// What a pod takes besides its containers. Kubernetes checks it as limits.
pub(in crate::validation) fn overhead(overhead: &Value, place: &str, causes: &mut Vec<Cause>) {
    if overhead.is_object() {
        check(&json!({"limits": overhead.clone()}), place, causes);
    }
}
