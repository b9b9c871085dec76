//! Quotas: what would use more than a namespace has is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Attempt;
use crate::controllers::quota::{is_in_scope, measured, used};
use crate::object::Object;
use crate::resource::Resource;
use crate::schema::quantity::Quantity;
use crate::status::Status;
use crate::value::{Map, Value};

/// Of these every container must name how much it wants.
const EXPLICIT: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Refuses what a quota does not allow. Last of all checks, when it is sure that the object comes.
///
/// # Errors
/// 403, with the quota and what it lacks.
pub(super) fn check(attempt: &Attempt<'_>) -> Result<(), Status> {
    if attempt.is_delete() || attempt.part.is_some() || attempt.namespace().is_empty() || !attempt.subresource().is_empty() {
        return Ok(());
    }
    let quotas = attempt
        .server
        .store
        .snapshot(&"resourcequotas".into(), Some(attempt.namespace()))
        .items;
    if quotas.is_empty() || !attempt.kind.is_stored() {
        return Ok(());
    }
    let object = Arc::new(Object::new(attempt.object.clone()));
    let pod = attempt.is("", "pods");
    for quota in quotas {
        if pod && !is_in_scope(&quota, &object) {
            continue;
        }
        let hard = &quota.value()["status"]["hard"];
        if pod && attempt.is_create() {
            let missing = missing(hard, attempt.object);
            if !missing.is_empty() {
                let because = format!("failed quota: {}: must specify {}", quota.name(), missing.join("; "));
                return Err(attempt.forbid(&because));
            }
        }
        if let Some(because) = exceeded(attempt, &quota, &object) {
            return Err(attempt.forbid(&because));
        }
    }
    Ok(())
}

/// What containers do not name, though the quota limits it.
fn missing(hard: &Value, pod: &Value) -> Vec<String> {
    let list = |field: &str| pod["spec"][field].as_array().into_iter().flatten();
    let mut missing = vec![];
    for resource in EXPLICIT.iter().filter(|resource| hard.get(**resource).is_some()) {
        let (part, name) = resource.split_once('.').unwrap_or(("requests", resource));
        let lacks = |container: &&Value| container["resources"][part].get(name).is_none();
        let containers = list("containers").chain(list("initContainers")).filter(lacks);
        let names: BTreeSet<&str> = containers.filter_map(|container| container["name"].as_str()).collect();
        if !names.is_empty() {
            let names: Vec<&str> = names.into_iter().collect();
            missing.push(format!("{resource} for: {}", names.join(",")));
        }
    }
    missing.sort();
    missing
}

/// Why the object is too much for a quota. What others use is summed up only if this write asks for more.
fn exceeded(attempt: &Attempt<'_>, quota: &Object, object: &Arc<Object>) -> Option<String> {
    let hard = &quota.value()["status"]["hard"];
    let kind = attempt.kind.resource.qualified();
    let limited = hard.as_object().into_iter().flatten();
    let limited: Map = limited
        .filter(|(name, _)| measured(name).is_some_and(|resource| resource.qualified() == kind))
        .map(|(name, limit)| (name.clone(), limit.clone()))
        .collect();
    let limited = Value::Object(limited);
    let quantity = |value: &Value| value.as_str().and_then(|text| Quantity::parse(text).ok());
    let of = |object: Option<Arc<Object>>| {
        let alone = |resource: &Resource| object.clone().filter(|_| resource.qualified() == kind).into_iter().collect();
        used(&alone, quota, &limited)
    };
    let (was, is) = (
        of(attempt.old.map(|old| Arc::new(Object::new(old.value().clone())))),
        of(Some(object.clone())),
    );
    let mut more = BTreeMap::new();
    for (name, amount) in is.as_object().into_iter().flatten() {
        let (Some(mut is), Some(was)) = (quantity(amount), quantity(&was[name.as_str()])) else {
            continue;
        };
        is.nano -= was.nano;
        if is.nano > 0 {
            more.insert(name.clone(), is);
        }
    }
    if more.is_empty() {
        return None;
    }
    let store = &attempt.server.store;
    let all = |resource: &Resource| store.snapshot(&resource.qualified().into(), Some(attempt.namespace())).items;
    let before = used(&all, quota, &limited);
    let mut over: BTreeMap<&str, [String; 3]> = BTreeMap::new();
    for (name, requested) in &more {
        let (Some(was), Some(most)) = (quantity(&before[name.as_str()]), quantity(&hard[name.as_str()])) else {
            continue;
        };
        if was.nano + requested.nano > most.nano {
            over.insert(name.as_str(), [requested.to_string(), was.to_string(), most.to_string()]);
        }
    }
    let shown = |which: usize| {
        let pairs: Vec<String> = over.iter().map(|(name, amounts)| format!("{name}={}", amounts[which])).collect();
        pairs.join(",")
    };
    (!over.is_empty()).then(|| {
        let (requested, used, limited) = (shown(0), shown(1), shown(2));
        format!(
            "exceeded quota: {}, requested: {requested}, used: {used}, limited: {limited}",
            quota.name()
        )
    })
}
