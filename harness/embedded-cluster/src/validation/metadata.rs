//! `metadata`: names, labels, annotations, finalizers, owners.

use crate::value::Value;

use super::names;
use crate::kinds::{Kind, NameRule};
use crate::status::Cause;

/// Largest sum of annotation keys and values, in bytes.
const ANNOTATION_LIMIT: usize = 256 * 1024;
/// Finalizers without a domain that Kubernetes itself uses.
const STANDARD_FINALIZERS: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];

/// Everything that is wrong with `metadata`.
pub(super) fn check(kind: &Kind, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let metadata = &object["metadata"];
    let mut causes = vec![];
    if old.is_none() {
        causes.extend(check_name(kind, metadata));
    }
    if metadata["generation"].as_i64().is_some_and(|n| n < 0) {
        let detail = "must be greater than or equal to 0";
        causes.push(Cause::invalid("metadata.generation", &metadata["generation"], detail));
    }
    labels(&metadata["labels"], "metadata.labels", &mut causes);
    annotations(&metadata["annotations"], "metadata.annotations", &mut causes);
    causes.extend(check_owners(metadata));
    causes.extend(check_finalizers(kind, metadata));
    if let Some(old) = old {
        // Kubernetes checks the metadata of updates four times over, and says so.
        causes = (0..4).flat_map(|_| causes.clone()).collect();
        causes.extend(check_new_finalizers(&old["metadata"], metadata));
    }
    causes
}

fn check_name(kind: &Kind, metadata: &Value) -> Vec<Cause> {
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let faults = |value: &str| match kind.strategy.names {
        NameRule::Subdomain => names::subdomain(value),
        NameRule::Label => names::label(value),
        NameRule::ShortSubdomain if value.len() > 52 => vec!["must be no more than 52 characters".into()],
        NameRule::ShortSubdomain => names::subdomain(value),
        NameRule::PathSegment => names::path_segment(value),
        NameRule::Ip | NameRule::Own => vec![],
    };
    let invalid = |field: &str, value: &str| -> Vec<Cause> {
        faults(value)
            .iter()
            .map(|fault| Cause::invalid(format!("metadata.{field}"), &value.into(), fault))
            .collect()
    };
    let (name, base) = (text("name"), text("generateName"));
    let mut causes = vec![];
    if !base.is_empty() {
        // The base may end in a dash, since letters follow.
        let padded = base.strip_suffix('-').map(|b| format!("{b}a"));
        causes.extend(
            faults(padded.as_deref().unwrap_or(base))
                .iter()
                .map(|fault| Cause::invalid("metadata.generateName", &base.into(), fault)),
        );
    }
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else {
        causes.extend(invalid("name", name));
    }
    causes
}

/// What is wrong with labels, or a selector of the same form, at `place`.
pub(super) fn labels(labels: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        causes.extend(
            names::qualified_name(key)
                .iter()
                .map(|f| Cause::invalid(place, &key.as_str().into(), f)),
        );
        causes.extend(names::label_value(value).iter().map(|f| Cause::invalid(place, &value.into(), f)));
    }
}

/// What is wrong with annotations at `place`.
pub(super) fn annotations(annotations: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut size = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        size += key.len() + value.as_str().map(str::len).unwrap_or(0);
        let faults = names::qualified_name(&key.to_lowercase());
        causes.extend(faults.iter().map(|f| Cause::invalid(place, &key.as_str().into(), f)));
    }
    if size > ANNOTATION_LIMIT {
        causes.push(Cause::too_long(place, ANNOTATION_LIMIT));
    }
}

/// Kubernetes names no place in the list.
fn check_owners(metadata: &Value) -> Vec<Cause> {
    const PLACE: &str = "metadata.ownerReferences";
    let references = &metadata["ownerReferences"];
    let mut causes = vec![];
    let mut controller: Option<String> = None;
    for owner in references.as_array().into_iter().flatten() {
        let text = |field: &str| owner[field].as_str().unwrap_or_default();
        for (field, detail) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            // What has more than a group and a version has none.
            let missing = text(field).is_empty() || field == "apiVersion" && text(field).matches('/').count() > 1;
            if missing {
                causes.push(Cause::invalid(format!("{PLACE}.{field}"), &text(field).into(), detail));
            }
        }
        if (text("apiVersion"), text("kind")) == ("v1", "Event") {
            causes.push(Cause::invalid(PLACE, owner, "/v1, Kind=Event is disallowed from being an owner"));
        }
        if owner["controller"] == true {
            let this = format!("{}/{}", text("kind"), text("name"));
            match &controller {
                Some(first) => {
                    let detail =
                        format!("Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}");
                    causes.push(Cause::invalid(PLACE, references, &detail));
                }
                None => controller = Some(this),
            }
        }
    }
    causes
}

fn finalizers(metadata: &Value) -> impl Iterator<Item = &str> {
    metadata["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn check_finalizers(kind: &Kind, metadata: &Value) -> Vec<Cause> {
    let mut causes = vec![];
    // Custom resources and their definitions may have finalizers of any form.
    let strict = kind.custom.is_none() && !kind.resource.group().starts_with("api");
    for (i, name) in finalizers(metadata).enumerate() {
        finalizer(
            name,
            "metadata.finalizers",
            &format!("metadata.finalizers[{i}]"),
            strict,
            &mut causes,
        );
    }
    causes
}

/// What is wrong with a finalizer of a list; where `strict`, only Kubernetes has some without a domain.
pub(super) fn finalizer(name: &str, list: &str, item: &str, strict: bool, causes: &mut Vec<Cause>) {
    let faults = names::qualified_name(name);
    causes.extend(faults.iter().map(|f| Cause::invalid(list, &name.into(), f)));
    if strict && !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
        let detail = "name is neither a standard finalizer name nor is it fully qualified";
        causes.push(Cause::invalid(item, &name.into(), detail));
    }
}

/// While an object is being deleted, finalizers only go.
fn check_new_finalizers(old: &Value, new: &Value) -> Vec<Cause> {
    if old.get("deletionTimestamp").is_none_or(Value::is_null) {
        return vec![];
    }
    let added: Vec<String> = finalizers(new)
        .filter(|f| !finalizers(old).any(|o| o == *f))
        .map(|f| format!("{f:?}"))
        .collect();
    if added.is_empty() {
        return vec![];
    }
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    let cause = Cause::forbidden("metadata.finalizers", &detail);
    // Kubernetes validates this twice and says it twice.
    vec![cause.clone(), cause]
}
