//! Which names a definition may use, and its conditions.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::apiserver::ApiServer;

/// Accepts the names of a definition unless others of its group have them, and establishes it.
pub(super) fn settle(server: &Arc<ApiServer>, definition: &mut Value) {
    let time = server.timestamp();
    let wanted = definition["spec"]["names"].clone();
    match conflict(server, definition) {
        None => {
            definition["status"]["acceptedNames"] = wanted;
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

/// A name that another definition of the group has.
fn conflict(server: &Arc<ApiServer>, definition: &Value) -> Option<(&'static str, String)> {
    let group = &definition["spec"]["group"];
    let names = &definition["spec"]["names"];
    let others: Vec<Value> = server
        .store
        .snapshot(&super::definitions(), None)
        .items
        .iter()
        .filter(|d| d.value()["spec"]["group"] == *group && d.name() != definition["metadata"]["name"].as_str().unwrap_or_default())
        .map(|d| d.value()["status"]["acceptedNames"].clone())
        .collect();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let words = |names: &Value| -> Vec<String> {
        let short = names["shortNames"].as_array().into_iter().flatten().map(text);
        [text(&names["plural"]), text(&names["singular"])]
            .into_iter()
            .chain(short)
            .filter(|w| !w.is_empty())
            .collect()
    };
    let kinds = |names: &Value| [text(&names["kind"]), text(&names["listKind"])];
    let taken: Vec<String> = others.iter().flat_map(&words).collect();
    let taken_kinds: Vec<String> = others.iter().flat_map(&kinds).filter(|k| !k.is_empty()).collect();
    let in_use = |word: &str| format!("{word:?} is already in use");
    for (field, reason) in [("plural", "PluralConflict"), ("singular", "SingularConflict")] {
        if taken.contains(&text(&names[field])) {
            return Some((reason, in_use(&text(&names[field]))));
        }
    }
    if let Some(short) = names["shortNames"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .find(|s| taken.contains(s))
    {
        return Some(("ShortNamesConflict", in_use(&short)));
    }
    for (field, reason) in [("kind", "KindConflict"), ("listKind", "ListKindConflict")] {
        if taken_kinds.contains(&text(&names[field])) {
            return Some((reason, in_use(&text(&names[field]))));
        }
    }
    None
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
