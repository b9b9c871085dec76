//! Events.

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

/// An Event of the core group is in the namespace of what it is about, or of none, in `default`.
pub(super) fn core(event: &Value, causes: &mut Vec<Cause>) {
    let (own, about) = (text(&event["metadata"]["namespace"]), text(&event["involvedObject"]["namespace"]));
    let fits = if about.is_empty() {
        matches!(own, "" | "default")
    } else {
        own == about
    };
    if !fits {
        causes.push(Cause::invalid(
            "involvedObject.namespace",
            &about.into(),
            "does not match event.namespace",
        ));
    }
}

/// A new Event of `events.k8s.io`.
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
