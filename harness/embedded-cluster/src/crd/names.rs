//! Which names a definition may use, and its conditions.

use std::sync::Arc;

use crate::value::{Value, json};

use crate::apiserver::ApiServer;

/// Whether another definition has a word as a name of some kind.
type IsTaken<'a> = &'a dyn Fn(&str) -> bool;

/// Accepts those names of a definition that no other of its group has, and establishes it once all are.
pub(super) fn settle(server: &Arc<ApiServer>, definition: &mut Value) {
    let time = server.timestamp();
    match accept(server, definition) {
        None => {
            set_condition(definition, "NamesAccepted", true, "NoConflicts", "no conflicts found", &time);
            set_condition(
                definition,
                "Established",
                true,
                "InitialNamesAccepted",
                "the initial names have been accepted",
                &time,
            );
        }
        Some((reason, message)) => {
            set_condition(definition, "NamesAccepted", false, reason, &message, &time);
            if !is_true(definition, "Established") {
                set_condition(definition, "Established", false, "NotAccepted", "not all names are accepted", &time);
            }
        }
    }
}

/// Takes over the free names; the last one that another definition has is the conflict.
fn accept(server: &Arc<ApiServer>, definition: &mut Value) -> Option<(&'static str, String)> {
    let wanted = definition["spec"]["names"].clone();
    let others = accepted_by_others(server, definition);
    let words = |field: &str| -> Vec<&str> { others.iter().filter_map(|names| names[field].as_str()).collect() };
    let is_resource = |word: &str| {
        let short = others
            .iter()
            .filter_map(|names| names["shortNames"].as_array())
            .flatten()
            .filter_map(Value::as_str);
        words("plural")
            .into_iter()
            .chain(words("singular"))
            .chain(short)
            .any(|taken| taken == word)
    };
    let is_kind = |word: &str| words("kind").contains(&word) || words("listKind").contains(&word);
    let accepted = &mut definition["status"]["acceptedNames"];
    if !accepted.is_object() {
        *accepted = json!({"kind": "", "plural": ""});
    }
    let mut problem = None;
    let fields: [(&str, &'static str, IsTaken<'_>); 5] = [
        ("plural", "PluralConflict", &is_resource),
        ("singular", "SingularConflict", &is_resource),
        ("shortNames", "ShortNamesConflict", &is_resource),
        ("kind", "KindConflict", &is_kind),
        ("listKind", "ListKindConflict", &is_kind),
    ];
    for (field, reason, is_taken) in fields {
        let name = &wanted[field];
        let taken = std::iter::once(name)
            .chain(name.as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .find(|word| is_taken(word));
        match taken {
            Some(word) => problem = Some((reason, format!("{word:?} is already in use"))),
            None if name.is_null() => {}
            None => accepted[field] = name.clone(),
        }
    }
    if !wanted["categories"].is_null() {
        accepted["categories"] = wanted["categories"].clone();
    }
    problem
}

/// Names of the other definitions of the group.
fn accepted_by_others(server: &Arc<ApiServer>, definition: &Value) -> Vec<Value> {
    let group = &definition["spec"]["group"];
    let name = definition["metadata"]["name"].as_str().unwrap_or_default();
    let all = server.store.snapshot(&super::definitions(), None).items;
    let of_group = all
        .iter()
        .filter(|other| other.value()["spec"]["group"] == *group && other.name() != name);
    of_group.map(|other| other.value()["status"]["acceptedNames"].clone()).collect()
}

/// Whether a condition of this type is true.
pub(super) fn is_true(definition: &Value, kind: &str) -> bool {
    let mut conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|c| c["type"] == kind && c["status"] == "True")
}

/// Sets a condition; its time stays where its status does.
pub(super) fn set_condition(definition: &mut Value, kind: &str, status: bool, reason: &str, message: &str, time: &str) {
    if !definition["status"]["conditions"].is_array() {
        definition["status"]["conditions"] = json!([]);
    }
    let status = if status { "True" } else { "False" };
    let Some(conditions) = definition["status"]["conditions"].as_array_mut() else {
        return;
    };
    let condition = json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": time});
    match conditions.iter_mut().find(|c| c["type"] == kind) {
        Some(present) if present["status"] == status => {
            present["reason"] = reason.into();
            present["message"] = message.into();
        }
        Some(present) => *present = condition,
        None => conditions.push(condition),
    }
}
