//! CustomResourceDefinitions: from the stored object to served kinds.

mod check;
mod columns;
mod identity;
mod json_path;
mod names;
mod version;

use std::sync::Arc;

use crate::value::{Value, json};

pub(crate) use check::{check, warnings};
pub(crate) use columns::Column;
pub(crate) use version::Version;

use crate::apiserver::ApiServer;
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;
use crate::store::Key;

/// Holds a definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

fn is_definition(kind: &Kind) -> bool {
    kind.kind == "CustomResourceDefinition"
}

fn definitions() -> Key {
    "customresourcedefinitions.apiextensions.k8s.io".into()
}

/// What a definition gets before it is stored: names that follow from others, and its first status.
pub(crate) fn prepare(definition: &mut Value, old: Option<&Value>, _time: &str) {
    let names = &mut definition["spec"]["names"];
    let kind = names["kind"].as_str().unwrap_or_default().to_owned();
    let missing = |v: &Value| v.as_str().unwrap_or_default().is_empty();
    if missing(&names["singular"]) {
        names["singular"] = kind.to_lowercase().into();
    }
    if missing(&names["listKind"]) && !kind.is_empty() {
        names["listKind"] = format!("{kind}List").into();
    }
    if definition["spec"]["conversion"].is_null() {
        definition["spec"]["conversion"] = json!({"strategy": "None"});
    }
    if old.is_none() {
        definition["status"] = json!({"acceptedNames": {"kind": "", "plural": ""}, "conditions": null, "storedVersions": []});
    }
    keep_stored_version(definition);
}

/// The version that is stored is always among those that were.
fn keep_stored_version(definition: &mut Value) {
    let storage = storage_version(definition);
    if let Some(list) = definition["status"]["storedVersions"].as_array_mut()
        && !storage.is_empty()
        && !list.iter().any(|v| *v == storage)
    {
        list.push(storage.into());
    }
}

fn storage_version(definition: &Value) -> String {
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    let storage = versions.clone().find(|v| v["storage"] == true);
    storage.and_then(|v| v["name"].as_str()).unwrap_or_default().to_owned()
}

/// A status that lists no stored versions gets the one that is.
pub(crate) fn fill_stored_versions(definition: &mut Value) {
    if definition["status"]["storedVersions"].as_array().is_some_and(Vec::is_empty) {
        keep_stored_version(definition);
    }
}

/// A definition was written: accept its names, serve its versions.
pub(crate) fn changed(server: &Arc<ApiServer>, kind: &Kind, object: &Arc<Object>) {
    if is_definition(kind) {
        settle(server, object);
    }
}

/// Brings what is served into line with a definition.
fn settle(server: &Arc<ApiServer>, object: &Arc<Object>) {
    let present = server.store.get(&definitions(), "", object.name());
    if present.is_none_or(|present| present.revision() != object.revision()) {
        return;
    }
    let mut definition = object.value().clone();
    names::settle(server, &mut definition);
    let accepted = names::is_true(&definition, "Established");
    if definition != *object.value() {
        // A conflict means that somebody wrote the definition again, which settles it again.
        let _ = server
            .store
            .update(&definitions(), "", object.name(), object.revision(), definition.clone());
    }
    let (group, plural) = group_and_plural(&definition);
    let kinds = if accepted { version::kinds(&definition) } else { vec![] };
    server.kinds.set_custom(&group, &plural, kinds);
    if object.deletion_timestamp().is_some() {
        finish(server, &group, &plural);
    }
}

/// An object is gone: a definition is no longer served; the last object of a definition that is
/// being deleted lets it go.
pub(crate) fn removed(server: &Arc<ApiServer>, kind: &Kind, object: &Object) {
    if is_definition(kind) {
        let (group, plural) = group_and_plural(object.value());
        release(server, &group, &plural);
    } else if kind.custom.is_some() {
        let name = kind.resource.qualified();
        let terminating = server
            .store
            .get(&definitions(), "", &name)
            .is_some_and(|d| d.deletion_timestamp().is_some());
        if terminating {
            finish(server, kind.resource.group(), kind.resource.plural());
        }
    }
}

/// A definition is gone: its names are free for others of its group.
fn release(server: &Arc<ApiServer>, group: &str, plural: &str) {
    server.kinds.set_custom(group, plural, vec![]);
    for other in server.store.snapshot(&definitions(), None).items {
        if other.value()["spec"]["group"] == group {
            settle(server, &other);
        }
    }
}

/// Nothing new comes where the definition goes.
///
/// # Errors
/// 403 for a new object of a definition that is being deleted.
pub(crate) fn check_create(server: &Arc<ApiServer>, kind: &Kind, name: &str) -> Result<(), Status> {
    if kind.custom.is_none() {
        return Ok(());
    }
    let definition = server.store.get(&definitions(), "", &kind.resource.qualified());
    if definition.is_some_and(|definition| names::is_true(definition.value(), "Terminating")) {
        let because = "create not allowed while custom resource definition is terminating";
        return Err(Status::forbidden(&kind.resource, name, because));
    }
    Ok(())
}

/// A definition that is being deleted says so, and stays until its objects are gone.
pub(crate) fn mark_terminating(kind: &Kind, definition: &mut Value, time: &str) {
    if !is_definition(kind) {
        return;
    }
    hold(definition);
    names::set_condition(
        definition,
        "Terminating",
        true,
        "InstanceDeletionPending",
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        time,
    );
}

fn hold(definition: &mut Value) {
    let finalizers = &mut definition["metadata"]["finalizers"];
    if !finalizers.is_array() {
        *finalizers = json!([]);
    }
    if let Some(list) = finalizers.as_array_mut().filter(|list| !list.iter().any(|f| f == CLEANUP)) {
        list.push(CLEANUP.into());
    }
}

/// Deletes the objects of a definition that is being deleted, then the definition.
fn finish(server: &Arc<ApiServer>, group: &str, plural: &str) {
    let key: Key = format!("{plural}.{group}").into();
    for object in server.store.snapshot(&key, None).items {
        let namespace = object.namespace().unwrap_or_default();
        if object.finalizers().next().is_none() {
            let _ = server
                .store
                .delete(&key, namespace, object.name(), object.revision(), object.value().clone());
        } else if object.deletion_timestamp().is_none() {
            let mut value = object.value().clone();
            value["metadata"]["deletionTimestamp"] = server.timestamp().into();
            value["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            let _ = server.store.update(&key, namespace, object.name(), object.revision(), value);
        }
    }
    let Some(definition) = server.store.get(&definitions(), "", &key) else {
        return;
    };
    if !server.store.snapshot(&key, None).items.is_empty() {
        let mut value = definition.value().clone();
        let (reason, message) = ("InstanceDeletionInProgress", "CustomResource deletion is in progress");
        names::set_condition(&mut value, "Terminating", true, reason, message, &server.timestamp());
        if value != *definition.value() {
            // Who writes the definition at the same time comes here again.
            let _ = server
                .store
                .update(&definitions(), "", definition.name(), definition.revision(), value);
        }
        return;
    }
    let others = definition.finalizers().filter(|f| *f != CLEANUP).count();
    let mut value = definition.value().clone();
    if let Some(list) = value["metadata"]["finalizers"].as_array_mut() {
        list.retain(|f| f != CLEANUP);
    }
    let (revision, name) = (definition.revision(), definition.name());
    if others > 0 {
        if server.store.update(&definitions(), "", name, revision, value).is_ok() {
            server.kinds.set_custom(group, plural, vec![]);
        }
    } else if server.store.delete(&definitions(), "", name, revision, value).is_ok() {
        release(server, group, plural);
    }
}

fn group_and_plural(definition: &Value) -> (String, String) {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    (text(&definition["spec"]["group"]), text(&definition["spec"]["names"]["plural"]))
}
