//! `status.conditions` of objects.

use crate::value::{Value, json};

use super::fields::Fields;

/// The condition of a type, if it is there.
pub(crate) fn find<'a>(conditions: &'a [Value], kind: &str) -> Option<&'a Value> {
    conditions.iter().find(|condition| condition["type"] == kind)
}

/// Whether the condition of a type is `True`.
pub(crate) fn is_true(object: &impl Fields, kind: &str) -> bool {
    find(object.list_at("/status/conditions"), kind).is_some_and(|condition| condition["status"] == "True")
}

/// Removes the condition of a type.
pub(crate) fn remove(conditions: &mut Vec<Value>, kind: &str) {
    conditions.retain(|condition| condition["type"] != kind);
}

/// Sets a condition. Where status and reason stay, nothing changes, not even the message (as in
/// upstream's controllers); where the status stays, its transition time stays.
/// `updated` is for the kinds whose conditions also tell the time of their last update.
pub(crate) fn set(conditions: &mut Vec<Value>, new: &Condition<'_>, now: &str, updated: Option<&str>) {
    let mut transition = now.to_owned();
    if let Some(current) = find(conditions, new.kind) {
        if current["status"] == new.status && current["reason"] == new.reason {
            return;
        }
        if current["status"] == new.status {
            transition = current.str_at("/lastTransitionTime").to_owned();
        }
    }
    remove(conditions, new.kind);
    let mut condition = json!({
        "type": new.kind, "status": new.status, "lastTransitionTime": transition,
        "reason": new.reason, "message": new.message,
    });
    if let Some(field) = updated {
        condition[field] = now.into();
    }
    conditions.push(condition);
}

/// What a condition says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition<'a> {
    /// `type`.
    pub(crate) kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: &'a str,
    /// One word for machines.
    pub(crate) reason: &'a str,
    /// A sentence for people.
    pub(crate) message: &'a str,
}
