//! Changes and removals of objects.

use serde_json::Value;

use super::kinds::{self, Of};
use super::{At, Context};
use crate::verb::{Delete, Patch, PatchType};

pub(super) fn patch(context: &mut Context<'_>, at: At<'_>, patch: &Patch) {
    context.clusters(&patch.on);
    // What is to be refused may be wrong.
    if patch.fails.is_none() {
        let of = Of {
            api_version: &patch.api_version,
            kind: &patch.kind,
        };
        kinds::kind(context, at, of);
        kinds::namespace(context, of, Some(&patch.name), patch.namespace.as_deref());
    }
    let wrong = match (patch.type_, &patch.patch.value) {
        (PatchType::Json, Value::Array(operations)) => operations.iter().find_map(operation),
        (PatchType::Json, _) => Some("`type: json` needs a list of operations, as `[{op: replace, path: /a, value: 1}]`".to_owned()),
        (_, Value::Object(_)) => None,
        (_, Value::Array(_)) => Some("a patch is a mapping; a list of operations needs `type: json`".to_owned()),
        _ => Some("a patch is a mapping".to_owned()),
    };
    if let Some(message) = wrong {
        context.push(context.error("invalid-value", patch.patch.span, message));
    }
}

/// What is wrong with an operation of RFC 6902.
fn operation(operation: &Value) -> Option<String> {
    let needs: &[&str] = match operation["op"].as_str() {
        Some("add" | "replace" | "test") => &["path", "value"],
        Some("remove") => &["path"],
        Some("move" | "copy") => &["path", "from"],
        _ => return Some("`op` of an operation is add, remove, replace, move, copy or test".to_owned()),
    };
    let missing = needs.iter().find(|field| operation.get(**field).is_none())?;
    Some(format!("an operation misses `{missing}`: {operation}"))
}

pub(super) fn delete(context: &mut Context<'_>, at: At<'_>, delete: &Delete) {
    context.clusters(&delete.on);
    if delete.fails.is_none() {
        let of = Of {
            api_version: &delete.api_version,
            kind: &delete.kind,
        };
        kinds::kind(context, at, of);
        kinds::namespace(context, of, delete.name.as_ref(), delete.namespace.as_deref());
    }
    context.exactly_one(at, &[("name", delete.name.is_some()), ("selector", delete.selector.is_some())]);
    if delete.ignore_not_found && delete.selector.is_some() {
        let span = context.field(at, "ignoreNotFound");
        context.push(context.error("contradiction", span, "a `selector` may find nothing anyway"));
    }
    if delete.within.is_some() && !delete.wait {
        let span = context.field(at, "within");
        context.push(context.error("contradiction", span, "`within` without waiting"));
    }
}
