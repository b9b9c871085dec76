//! Quotas: what would use more than a namespace has is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Attempt;
use super::usage::Reserved;
use crate::controllers::quota::{Tally, is_in_scope, measured};
use crate::object::Object;
use crate::schema::quantity::Quantity;
use crate::status::Status;
use crate::value::{Map, Value};

/// Of these every container must name how much it wants.
const EXPLICIT: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Refuses what a quota does not allow. Last of all checks, when it is sure that the object comes; what is left of the quota is kept for it
/// until it is stored.
///
/// # Errors
/// 403, with the quota and what it lacks.
pub(super) async fn check(attempt: &Attempt<'_>) -> Result<Reserved, Status> {
    if attempt.is_delete() || attempt.part.is_some() || attempt.namespace().is_empty() || !attempt.subresource().is_empty() {
        return Ok(None);
    }
    let store = &attempt.server.store;
    let quotas = store.snapshot(&"resourcequotas".into(), Some(attempt.namespace())).items;
    let kind = &attempt.kind.key;
    let limits = |quota: &Arc<Object>| {
        let mut names = quota.value()["status"]["hard"].as_object().into_iter().flat_map(Map::keys);
        names.any(|name| measured(name) == Some(kind))
    };
    if !attempt.kind.is_stored() || !quotas.iter().any(limits) {
        return Ok(None);
    }
    let mut usage = attempt.server.usage.clone().lock_owned().await;
    let pod = attempt.is("", "pods");
    for quota in quotas.iter().filter(|quota| limits(quota)) {
        if pod && attempt.is_create() && is_in_scope(quota, attempt.object) {
            let missing = missing(&quota.value()["status"]["hard"], attempt.object);
            if !missing.is_empty() {
                let because = format!("failed quota: {}: must specify {}", quota.name(), missing.join("; "));
                return Err(attempt.forbid(&because));
            }
        }
        if let Some(because) = exceeded(attempt, quota, usage.of(store, quota, kind)) {
            return Err(attempt.forbid(&because));
        }
    }
    Ok(Some(usage))
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

/// Why the object is too much for a quota.
fn exceeded(attempt: &Attempt<'_>, quota: &Object, tally: &Tally) -> Option<String> {
    let hard = &quota.value()["status"]["hard"];
    let before = attempt.old.map(Object::value);
    let mut over: BTreeMap<&str, [String; 3]> = BTreeMap::new();
    for (name, more, used) in tally.differences(&attempt.kind.key, before, Some(attempt.object)) {
        let Some(most) = hard[name].as_str().and_then(|text| Quantity::parse(text).ok()) else {
            continue;
        };
        if more.nano > 0 && (used + more).nano > most.nano {
            over.insert(name, [more.to_string(), used.to_string(), most.to_string()]);
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
