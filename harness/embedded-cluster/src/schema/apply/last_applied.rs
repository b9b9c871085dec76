//! kubectl's `last-applied-configuration`, which server-side apply by kubectl takes over and keeps up to date.

use crate::value::Value;

use super::fieldset::FieldSet;
use super::typed;
use crate::schema::Node;

/// The manager whose applies keep the annotation.
pub(super) const KUBECTL: &str = "kubectl";
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Largest size of all annotations.
const MAX_SIZE: usize = 256 * 1024;

/// Fields that kubectl's client-side apply set and nobody changed since: kubectl may take them over.
pub(super) fn allowed_conflicts(schema: &Node, live: &Value) -> FieldSet {
    let Some(config) = annotation(live).and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return FieldSet::default();
    };
    let differences = typed::compare(schema, &config, live);
    typed::field_set(schema, &config)
        .difference(&differences.modified)
        .difference(&differences.added)
        .difference(&differences.removed)
}

/// Writes `config` into the annotation, if `object` has one.
pub(super) fn refresh(object: &mut Value, config: &Value) {
    if annotation(object).is_none() {
        return;
    }
    let mut config = config.clone();
    if let Some(metadata) = config.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(ANNOTATION);
        }
    }
    let text = format!("{config}\n");
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        if text.len() > MAX_SIZE {
            annotations.remove(ANNOTATION);
        } else {
            annotations.insert(ANNOTATION, text.into());
        }
    }
}

fn annotation(object: &Value) -> Option<&str> {
    object.pointer("/metadata/annotations")?.get(ANNOTATION)?.as_str()
}
