//! Events of `events.k8s.io`; those of the core group are taken as they come.

use crate::value::Value;

use super::names;
use super::rules::{Check, Rule, apply, text};
use crate::status::Cause;

const REPORTED: &[Rule] = &[
    ("reportingController", Check::RequiredText(names::qualified_name)),
    ("reportingInstance", Check::RequiredText(short)),
    ("action", Check::RequiredText(short)),
    ("reason", Check::RequiredText(short)),
    ("note", Check::Text(note)),
];

fn short(text: &str) -> Vec<String> {
    at_most(text, 128, "can have at most 128 characters")
}

fn note(text: &str) -> Vec<String> {
    at_most(text, 1024, "can have at most 1024 characters")
}

fn at_most(text: &str, most: usize, detail: &str) -> Vec<String> {
    if text.len() > most { vec![detail.to_owned()] } else { vec![] }
}

/// A new Event.
pub(super) fn check(event: &Value, causes: &mut Vec<Cause>) {
    if text(&event["eventTime"]).is_empty() {
        causes.push(Cause::required("eventTime", ""));
    } else {
        apply(REPORTED, event, "", causes);
    }
    let kind = text(&event["type"]);
    if !["Normal", "Warning"].contains(&kind) {
        let detail = format!("has invalid value: {kind}");
        causes.push(Cause::invalid("type", &"".into(), &detail));
    }
}
