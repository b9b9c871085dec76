//! JSON patch (RFC 6902) and merge patch (RFC 7386).

use serde::Deserialize;

use crate::status::Status;
use crate::value::{Map, Value};

/// Most operations of a JSON patch.
const MOST_OPERATIONS: usize = 10_000;
/// By how many bytes the copies of a JSON patch may make an object grow.
const MOST_COPIED: usize = 3 * 1024 * 1024;
/// How deep values may lie in each other; of bodies, the reader sees to it.
const DEPTH: usize = 128;

/// Applies a JSON patch.
///
/// # Errors
/// 413 if it is too long, 422 if it is none, or does not fit.
pub(super) fn json(value: &mut Value, patch: &Value) -> Result<(), Status> {
    let count = patch.as_array().map_or(0, Vec::len);
    if count > MOST_OPERATIONS {
        let why = format!("The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {count}");
        return Err(Status::too_large(&why));
    }
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
    let mut copied = 0;
    for operation in &patch.0 {
        if finds_nothing(&document, operation) {
            continue;
        }
        check_growth(&document, operation, &mut copied)?;
        json_patch::patch(&mut document, std::slice::from_ref(operation)).map_err(|error| misfit(&document, operation, &error))?;
    }
    *value = document.into();
    Ok(())
}

/// Whether this tests that a field is `null`, and there is no such field: to Kubernetes' library that is the same.
fn finds_nothing(document: &serde_json::Value, operation: &json_patch::PatchOperation) -> bool {
    let json_patch::PatchOperation::Test(test) = operation else {
        return false;
    };
    let path = test.path.as_str();
    let parent = path.rsplit_once('/').and_then(|(parent, _)| document.pointer(parent));
    test.value.is_null() && document.pointer(path).is_none() && parent.is_some_and(serde_json::Value::is_object)
}

/// Refuses an operation that would make the document too large or too deep: a few copies are enough for any size.
fn check_growth(document: &serde_json::Value, operation: &json_patch::PatchOperation, copied: &mut usize) -> Result<(), String> {
    use json_patch::PatchOperation::{Add, Copy, Move, Replace};
    let at = |path: &str| document.pointer(path).map_or(0, depth);
    let (path, below) = match operation {
        Add(add) => (&add.path, depth(&add.value)),
        Replace(replace) => (&replace.path, depth(&replace.value)),
        Move(from) => (&from.path, at(from.from.as_str())),
        Copy(copy) => {
            let size = document.pointer(copy.from.as_str()).map_or(0, |value| value.to_string().len());
            *copied += size;
            if *copied > MOST_COPIED {
                return Err(format!(
                    "Unable to complete copy, the accumulated size increase of copy is {copied}, exceeding the limit {MOST_COPIED}"
                ));
            }
            (&copy.path, at(copy.from.as_str()))
        }
        _ => return Ok(()),
    };
    if path.as_str().matches('/').count() + below > DEPTH {
        return Err("exceeded max depth".into());
    }
    Ok(())
}

/// How deep lists and objects lie in each other.
fn depth(value: &serde_json::Value) -> usize {
    let deepest = match value {
        serde_json::Value::Array(list) => list.iter().map(depth).max(),
        serde_json::Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}

/// Why an operation does not fit, as Kubernetes' library says it.
fn misfit(document: &serde_json::Value, operation: &json_patch::PatchOperation, error: &json_patch::PatchError) -> String {
    let path = error.path.to_string();
    let (parent, key) = path.rsplit_once('/').unwrap_or(("", &path));
    let parent_is_there = document
        .pointer(parent)
        .is_some_and(|parent| parent.is_object() || parent.is_array());
    match operation {
        json_patch::PatchOperation::Test(_) => format!("testing value {path} failed: test failed"),
        json_patch::PatchOperation::Remove(_) if parent_is_there => {
            format!("error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value")
        }
        json_patch::PatchOperation::Remove(_) => {
            format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
        }
        json_patch::PatchOperation::Replace(_) if parent_is_there => {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        }
        json_patch::PatchOperation::Replace(_) => {
            format!("replace operation does not apply: doc is missing path: {path}: missing value")
        }
        json_patch::PatchOperation::Add(_) => {
            format!("add operation does not apply: doc is missing path: \"{path}\": missing value")
        }
        json_patch::PatchOperation::Move(operation) => {
            format!(
                "move operation does not apply: doc is missing from path: {}: missing value",
                operation.from
            )
        }
        json_patch::PatchOperation::Copy(operation) => {
            format!(
                "copy operation does not apply: doc is missing from path: {}: missing value",
                operation.from
            )
        }
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
