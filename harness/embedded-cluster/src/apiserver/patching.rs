//! JSON patch (RFC 6902) and merge patch (RFC 7386).

use serde::Deserialize;

use crate::status::Status;
use crate::value::{Map, Value};

/// Applies a JSON patch.
///
/// # Errors
/// 422 if it is none, or does not fit.
pub(super) fn json(value: &mut Value, patch: &Value) -> Result<(), Status> {
    operations(value, patch).map_err(|_| Status::rejected())
}

/// As [`json`], with what is wrong as a text.
///
/// # Errors
/// What is no patch, or does not fit.
pub(crate) fn operations(value: &mut Value, patch: &Value) -> Result<(), String> {
    let mut patch = serde_json::Value::from(patch);
    for operation in patch.as_array_mut().into_iter().flatten() {
        for field in ["path", "from"] {
            if let Some(path) = operation.get_mut(field) {
                root(path);
            }
        }
    }
    let patch = json_patch::Patch::deserialize(patch).map_err(|error| error.to_string())?;
    let mut document = serde_json::Value::from(&*value);
    json_patch::patch(&mut document, &patch).map_err(|error| misfit(&document, &patch, &error))?;
    *value = document.into();
    Ok(())
}

/// Why a patch does not fit, as Kubernetes' library says it.
fn misfit(document: &serde_json::Value, patch: &json_patch::Patch, error: &json_patch::PatchError) -> String {
    let path = error.path.to_string();
    let (parent, key) = path.rsplit_once('/').unwrap_or(("", &path));
    let parent_is_there = document
        .pointer(parent)
        .is_some_and(|parent| parent.is_object() || parent.is_array());
    match patch.0.get(error.operation) {
        Some(json_patch::PatchOperation::Test(_)) => format!("testing value {path} failed: test failed"),
        Some(json_patch::PatchOperation::Remove(_)) if parent_is_there => {
            format!("error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value")
        }
        Some(json_patch::PatchOperation::Remove(_)) => {
            format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
        }
        Some(json_patch::PatchOperation::Replace(_)) if parent_is_there => {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        }
        Some(json_patch::PatchOperation::Replace(_)) => {
            format!("replace operation does not apply: doc is missing path: {path}: missing value")
        }
        Some(json_patch::PatchOperation::Add(_)) => {
            format!("add operation does not apply: doc is missing path: \"{path}\": missing value")
        }
        Some(json_patch::PatchOperation::Move(operation)) => {
            format!(
                "move operation does not apply: doc is missing from path: {}: missing value",
                operation.from
            )
        }
        Some(json_patch::PatchOperation::Copy(operation)) => {
            format!(
                "copy operation does not apply: doc is missing from path: {}: missing value",
                operation.from
            )
        }
        None => error.to_string(),
    }
}

/// What stands before a path's first slash is not read.
fn root(path: &mut serde_json::Value) {
    if let Some((_, rest)) = path.as_str().and_then(|p| p.split_once('/')) {
        *path = format!("/{rest}").into();
    }
}

/// Applies a merge patch: `null` takes a field away, objects go into each other, all else replaces.
pub(super) fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Map::new().into();
    }
    let Value::Object(fields) = value else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}
