//! Environment variables and where their values come from.

use crate::value::Value;

use super::super::rules::{Check, Rule, apply, faults, is_empty, items, not_one_of, text};
use super::super::{formats, names};
use crate::status::Cause;

/// A variable.
pub(super) const VARIABLE: &[Rule] = &[("name", Check::RequiredText(formats::env_name)), ("", Check::With(value_from))];

const SOURCES: [&str; 5] = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields that can be named, whether or not they can be used at a place.
const KNOWN_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.host",
    "status.phase",
];

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const MORE_THAN_ONE: &str = "may not have more than one field specified at a time";

fn value_from(variable: &Value, place: &str, causes: &mut Vec<Cause>) {
    let from = &variable["valueFrom"];
    if !from.is_object() {
        return;
    }
    let place = format!("{place}.valueFrom");
    let set = SOURCES.iter().filter(|s| from[**s].is_object()).count();
    if from["fieldRef"].is_object() {
        field(&from["fieldRef"], FIELDS, &format!("{place}.fieldRef"), causes);
    }
    if from["resourceFieldRef"].is_object() {
        resource(&from["resourceFieldRef"], false, &format!("{place}.resourceFieldRef"), causes);
    }
    for source in ["configMapKeyRef", "secretKeyRef"].into_iter().filter(|s| from[*s].is_object()) {
        key(&from[source], &format!("{place}.{source}"), causes);
    }
    let detail = match (set, is_empty(&variable["value"])) {
        (0, _) => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        (_, false) => "may not be specified when `value` is not empty",
        (1, true) => return,
        (_, true) => MORE_THAN_ONE,
    };
    causes.push(Cause::invalid(place, &"".into(), detail));
}

fn key(reference: &Value, place: &str, causes: &mut Vec<Cause>) {
    // Here a name that is missing is no valid one.
    let name = text(&reference["name"]);
    faults(&names::subdomain(name), &format!("{place}.name"), &name.into(), causes);
    match text(&reference["key"]) {
        "" => causes.push(Cause::required(format!("{place}.key"), "")),
        key => faults(&names::config_key(key), &format!("{place}.key"), &key.into(), causes),
    }
}

/// A field of the pod, one of `allowed`.
pub(super) fn field(reference: &Value, allowed: &[&str], place: &str, causes: &mut Vec<Cause>) {
    let place = format!("{place}.fieldPath");
    let path = text(&reference["fieldPath"]);
    let mut invalid = |detail: &str| causes.push(Cause::invalid(place.as_str(), &path.into(), detail));
    if path.is_empty() {
        causes.push(Cause::required(place, ""));
        return;
    }
    let subscript = path.strip_suffix("']").and_then(|p| p.split_once("['"));
    if let Some((map, key)) = subscript {
        match map {
            "metadata.annotations" => names::qualified_name(&key.to_lowercase()).iter().for_each(|f| invalid(f)),
            "metadata.labels" => names::qualified_name(key).iter().for_each(|f| invalid(f)),
            _ => invalid(&format!(
                "error converting fieldPath: field label does not support subscript: {path}"
            )),
        }
    } else if !FIELDS.contains(&path) && !KNOWN_FIELDS.contains(&path) {
        invalid(&format!("error converting fieldPath: field label not supported: {path}"));
    } else if !allowed.contains(&path) {
        causes.push(not_one_of(&place, &path.into(), allowed));
    }
}

/// A resource of a container, which volumes name.
pub(super) fn resource(reference: &Value, named: bool, place: &str, causes: &mut Vec<Cause>) {
    if named && text(&reference["containerName"]).is_empty() {
        causes.push(Cause::required(format!("{place}.containerName"), ""));
    }
    let name = text(&reference["resource"]);
    let place = format!("{place}.resource");
    let huge = name.starts_with("limits.hugepages-") || name.starts_with("requests.hugepages-");
    if name.is_empty() {
        causes.push(Cause::required(place, ""));
    } else if !RESOURCES.contains(&name) && !huge {
        causes.push(not_one_of(&place, &name.into(), RESOURCES));
    }
}

/// Whole maps as variables.
pub(super) fn sources(sources: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (i, source) in items(sources).iter().enumerate() {
        let item = format!("{place}[{i}]");
        let prefix = text(&source["prefix"]);
        if !prefix.is_empty() {
            faults(&formats::env_name(prefix), &format!("{item}.prefix"), &prefix.into(), causes);
        }
        let set: Vec<&str> = ["configMapRef", "secretRef"]
            .into_iter()
            .filter(|s| source[*s].is_object())
            .collect();
        for field in &set {
            let rule = [("name", Check::RequiredText(names::subdomain))];
            apply(&rule, &source[*field], &format!("{item}.{field}"), causes);
        }
        let detail = match set.len() {
            0 => "must specify one of: `configMapRef` or `secretRef`",
            1 => continue,
            _ => MORE_THAN_ONE,
        };
        // Kubernetes reports this for the list.
        causes.push(Cause::invalid(place, &"".into(), detail));
    }
}
