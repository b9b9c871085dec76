//! Metadata that the server keeps, and which part of an object a request may write.

use crate::value::{Map, Text, Value, json};

use super::super::{ApiServer, Request};
use crate::kinds::{Generation, Kind};
use crate::object::Object;
use crate::status::{Cause, Status};

/// Longest base of a generated name; five letters follow.
const GENERATED_BASE: usize = 58;

/// Checks name and namespace of a body against the URL and fills them in.
///
/// # Errors
/// 400 where they differ.
pub(in crate::apiserver) fn name_and_namespace(object: &mut Value, name: Option<&str>, namespace: Option<&str>) -> Result<(), Status> {
    let metadata = metadata_mut(object);
    let text = |field: &str| metadata.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (body_name, body_namespace) = (text("name"), text("namespace"));
    match namespace {
        Some(namespace) if body_namespace.is_empty() => {
            metadata.insert("namespace", namespace.into());
        }
        Some(namespace) if body_namespace != namespace => {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Some(_) => {}
        // What is cluster-scoped loses a namespace, as it does in Kubernetes.
        None if !body_namespace.is_empty() => {
            metadata.remove("namespace");
        }
        None => {}
    }
    match name {
        Some(name) if body_name.is_empty() => Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        Some(name) if body_name != name => Err(Status::bad_request(format!(
            "the name of the object ({body_name}) does not match the name on the URL ({name})"
        ))),
        _ => Ok(()),
    }
}

/// Checks that what is posted below an object is about that object.
///
/// # Errors
/// 400 where it is not.
pub(in crate::apiserver) fn same_name(object: &Value, request: &Request, kind: &str) -> Result<(), Status> {
    match request.target.name.as_deref() {
        Some(name) if object["metadata"]["name"] != name => {
            Err(Status::bad_request(format!("name in URL does not match name in {kind} object")))
        }
        _ => Ok(()),
    }
}

/// `metadata` as a map, made if need be.
pub(super) fn metadata_mut(object: &mut Value) -> &mut Map {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    match &mut object["metadata"] {
        Value::Object(map) => map,
        // It was made an object just above.
        _ => unreachable!("metadata is an object"),
    }
}

/// A new object before admission: what clients cannot set goes.
pub(super) fn begin(object: &mut Value) {
    let metadata = metadata_mut(object);
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "resourceVersion",
    ] {
        metadata.remove(field);
    }
}

/// Owners that are named twice are named once, with a warning.
pub(super) fn unite_owners(object: &mut Value, warnings: &mut Vec<String>) {
    let Some(references) = object["metadata"]["ownerReferences"].as_array() else {
        return;
    };
    let (twice, once): (Vec<_>, Vec<_>) = references
        .iter()
        .enumerate()
        .partition(|(index, reference)| references[..*index].contains(reference));
    if twice.is_empty() {
        return;
    }
    let uids: Vec<&str> = twice
        .iter()
        .map(|(_, reference)| reference["uid"].as_str().unwrap_or_default())
        .collect();
    let warning = format!(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as \
         early as 1.24; please fix your requests; duplicate UID(s) observed: [{}]",
        uids.join(" ")
    );
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
    let once: Vec<Value> = once.into_iter().map(|(_, reference)| reference.clone()).collect();
    metadata_mut(object).insert("ownerReferences", once.into());
}

/// A name for a new object that has none but wants one.
pub(super) fn generate_name(server: &ApiServer, object: &mut Value) {
    let metadata = metadata_mut(object);
    let empty = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or_default().is_empty();
    if empty(metadata.get("name"))
        && let Some(base) = metadata.get("generateName").and_then(Value::as_str).filter(|base| !base.is_empty())
    {
        let base: String = base.chars().take(GENERATED_BASE).collect();
        metadata.insert("name", format!("{base}{}", server.suffix()).into());
    }
}

/// A new object after admission: uid, time of creation, first generation.
pub(super) fn system(server: &ApiServer, kind: &Kind, object: &mut Value) {
    let metadata = metadata_mut(object);
    metadata.insert("uid", server.uid().into());
    metadata.insert("creationTimestamp", server.timestamp().into());
    if !matches!(kind.strategy.generation, Generation::None | Generation::Changes) {
        metadata.insert("generation", 1.into());
    }
    drop_empty(metadata);
    // Nodes are registered with their status.
    if kind.subresource("status").is_some()
        && kind.kind != "Node"
        && let Some(object) = object.as_object_mut()
    {
        object.remove("status");
    }
}

/// What a write to an existing object may change: system fields stay, and so does the part that
/// belongs to another path.
///
/// # Errors
/// The causes of a 422 for system fields that differ.
pub(super) fn carry_over(kind: &Kind, subresource: &str, old: &Object, new: &mut Value) -> Vec<Cause> {
    let before = old.value();
    if matches!(subresource, "status" | "approval") {
        keep_all_but_status(kind, before, new);
    } else if matches!(subresource, "ephemeralcontainers" | "resize") {
        keep_all_but_pod_part(subresource, before, new);
    } else if kind.subresource("status").is_some() {
        keep(before, new, "status");
    }
    let old_metadata = &before["metadata"];
    let metadata = metadata_mut(new);
    metadata.remove("selfLink");
    let mut causes = vec![];
    for field in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let was = &old_metadata[field];
        match metadata.get(field) {
            Some(value) if !value.is_null() && value != was => {
                let cause = Cause::invalid(format!("metadata.{field}"), value, "field is immutable");
                // Kubernetes validates this twice and says it twice.
                causes.extend([cause.clone(), cause]);
            }
            _ => copy(metadata, field, was),
        }
    }
    for field in ["creationTimestamp", "resourceVersion", "generation"] {
        copy(metadata, field, &old_metadata[field]);
    }
    drop_empty(metadata);
    causes
}

/// The generation after a change of the object's wishes.
pub(super) fn advance_generation(kind: &Kind, old: &Object, new: &mut Value) {
    let annotations = |v: &Value| v["metadata"].get("annotations").cloned();
    let wishes = |object| wishes(kind, object);
    let changed = match kind.strategy.generation {
        Generation::None => return,
        Generation::Spec | Generation::Changes => wishes(old.value()) != wishes(new),
        Generation::SpecAndAnnotations => wishes(old.value()) != wishes(new) || annotations(old.value()) != annotations(new),
    };
    if changed {
        metadata_mut(new).insert("generation", (old.generation() + 1).into());
    }
}

/// Everything but identity, metadata and, where it has a path of its own, status.
fn wishes<'v>(kind: &Kind, object: &'v Value) -> Vec<(&'v Text, &'v Value)> {
    let own_status = kind.custom.is_some() && kind.subresource("status").is_none();
    let status = if own_status { "" } else { "status" };
    let outside = ["apiVersion", "kind", "metadata", status];
    object
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !outside.contains(&key.as_str()))
        .collect()
}

/// A status write of a built-in kind may change metadata too; one of a custom resource only the status.
fn keep_all_but_status(kind: &Kind, before: &Value, new: &mut Value) {
    let status = new.get("status").cloned();
    let metadata = new.get("metadata").cloned();
    let mut kept = before.clone();
    if let Some(object) = kept.as_object_mut() {
        object.remove("status");
        if let Some(status) = status {
            object.insert("status", status);
        }
        match metadata {
            Some(mut metadata) if kind.custom.is_none() => {
                if let Some(owners) = before["metadata"].get("ownerReferences") {
                    metadata["ownerReferences"] = owners.clone();
                }
                object.insert("metadata", metadata);
            }
            Some(metadata) => {
                let kept = metadata_mut(&mut kept);
                for field in ["managedFields", "uid", "resourceVersion", "name", "namespace"] {
                    if let Some(value) = metadata.get(field) {
                        kept.insert(field, value.clone());
                    }
                }
            }
            None => {}
        }
    }
    *new = kept;
}

/// Ephemeral containers are only added, resources only changed, and each through its own path.
fn keep_all_but_pod_part(subresource: &str, before: &Value, new: &mut Value) {
    let proposed = std::mem::replace(new, before.clone());
    if let Some(fields) = proposed["metadata"].get("managedFields") {
        new["metadata"]["managedFields"] = fields.clone();
    }
    if subresource == "ephemeralcontainers" {
        if let Some(containers) = proposed["spec"].get("ephemeralContainers") {
            new["spec"]["ephemeralContainers"] = containers.clone();
        } else if let Some(spec) = new["spec"].as_object_mut() {
            spec.remove("ephemeralContainers");
        }
        return;
    }
    for field in ["containers", "initContainers"] {
        let containers = new["spec"].get_mut(field).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let same = |other: &&Value| other["name"] == container["name"];
            let wanted = proposed["spec"][field].as_array().into_iter().flatten().find(same);
            if let Some(wanted) = wanted {
                for part in ["resources", "resizePolicy"] {
                    if let Some(value) = wanted.get(part) {
                        container[part] = value.clone();
                    }
                }
            }
        }
    }
}

fn keep(before: &Value, new: &mut Value, field: &str) {
    if let Some(object) = new.as_object_mut() {
        copy(object, field, &before[field]);
    }
}

fn copy(map: &mut Map, field: &str, value: &Value) {
    if value.is_null() {
        map.remove(field);
    } else {
        map.insert(field, value.clone());
    }
}

/// Empty collections in metadata are not stored.
fn drop_empty(metadata: &mut Map) {
    for field in ["labels", "annotations", "finalizers", "ownerReferences", "managedFields"] {
        let empty = match metadata.get(field) {
            Some(Value::Null) => true,
            Some(Value::Array(list)) => list.is_empty(),
            Some(Value::Object(map)) => map.is_empty(),
            _ => false,
        };
        if empty {
            metadata.remove(field);
        }
    }
}
