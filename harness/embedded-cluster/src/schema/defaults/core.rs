//! Secrets, namespaces, nodes, limit ranges.

use crate::value::{Map, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Fields as _;

/// `stringData` is a way to write `data`, never kept.
pub(super) fn secret(secret: &mut Map) {
    secret.default("type", "Opaque");
    if let Some(Value::Object(texts)) = secret.remove("stringData") {
        let data = secret.object_or_new("data");
        for (key, text) in texts {
            let text = text.as_str().unwrap_or_default();
            data.insert(key, STANDARD.encode(text).into());
        }
    }
}

pub(super) fn namespace(namespace: &mut Map) {
    let metadata = namespace.object_or_new("metadata");
    let name = metadata.text("name").to_owned();
    if !name.is_empty() {
        let labels = metadata.object_or_new("labels");
        labels.insert("kubernetes.io/metadata.name", name.into());
    }
    namespace.object_or_new("status").default("phase", "Active");
}

pub(super) fn node(node: &mut Map) {
    if let Some(spec) = node.object("spec")
        && !spec.has("podCIDRs")
        && let Some(first) = spec.get("podCIDR").filter(|cidr| **cidr != "").cloned()
    {
        spec.insert("podCIDRs".to_owned(), vec![first].into());
    }
    if let Some(status) = node.object("status")
        && let Some(capacity) = status.get("capacity").cloned()
    {
        status.default("allocatable", capacity);
    }
}

pub(super) fn limit_range(range: &mut Map) {
    let Some(spec) = range.object("spec") else { return };
    spec.each("limits", |limit| {
        if limit.text("type") != "Container" {
            return;
        }
        complete(limit, "max", "default");
        complete(limit, "default", "defaultRequest");
        complete(limit, "min", "defaultRequest");
    });
}

/// Adds the amounts of one list to another that has none for the resource.
fn complete(limit: &mut Map, from: &str, to: &str) {
    let Some(Value::Object(amounts)) = limit.get(from).cloned() else {
        return;
    };
    let target = limit.object_or_new(to);
    for (resource, amount) in amounts {
        target.default(&resource, amount);
    }
}
