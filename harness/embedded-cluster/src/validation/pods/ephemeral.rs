//! Containers that are added to a running pod.

use crate::value::Value;

use super::super::rules::{items, not_found, text};
use super::{containers, volumes};
use crate::status::Cause;

/// What is wrong with the ephemeral containers of a changed pod, and with how they changed.
pub(in crate::validation) fn update(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let spec = &new["spec"];
    let place = "spec.ephemeralContainers";
    let mut names: Vec<&str> = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|field| items(&spec[field]))
        .map(|container| text(&container["name"]))
        .collect();
    let others = names.clone();
    let volumes = volumes::check(&spec["volumes"], "spec.volumes", &mut vec![]);
    for (i, container) in items(&spec["ephemeralContainers"]).iter().enumerate() {
        let item = format!("{place}[{i}]");
        containers::common(spec, container, &volumes, &item, causes);
        let name = text(&container["name"]);
        if names.contains(&name) {
            causes.push(Cause::duplicate(format!("{item}.name"), &name.into()));
        }
        let target = &container["targetContainerName"];
        if !text(target).is_empty() && !others.contains(&text(target)) {
            causes.push(not_found(format!("{item}.targetContainerName"), target, ""));
        }
        names.push(name);
        for field in FORBIDDEN.iter().filter(|field| is_set(&container[**field])) {
            let detail = "cannot be set for an Ephemeral Container";
            causes.push(Cause::forbidden(format!("{item}.{field}"), detail));
        }
    }
    for before in items(&old["spec"]["ephemeralContainers"]) {
        let name = text(&before["name"]);
        let after = items(&spec["ephemeralContainers"]).iter().find(|c| c["name"] == name);
        match after {
            None => {
                let detail = format!("existing ephemeral containers {name:?} may not be removed\n");
                causes.push(Cause::forbidden(place, &detail));
            }
            Some(after) if after != before => {
                let detail = format!("existing ephemeral containers {name:?} may not be changed\n");
                causes.push(Cause::forbidden(place, &detail));
            }
            Some(_) => {}
        }
    }
}

const FORBIDDEN: &[&str] = &["lifecycle", "livenessProbe", "readinessProbe", "startupProbe", "ports", "resources"];

fn is_set(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        value => !value.is_null(),
    }
}
