//! Label selectors as objects.

use crate::value::Value;

use super::metadata;
use super::names;
use super::rules::{faults, items, text};
use crate::status::Cause;

/// What is wrong with a `metav1.LabelSelector` at `place`.
pub(super) fn check(selector: &Value, place: &str, causes: &mut Vec<Cause>) {
    metadata::labels(&selector["matchLabels"], &format!("{place}.matchLabels"), causes);
    for (i, requirement) in items(&selector["matchExpressions"]).iter().enumerate() {
        expression(requirement, &format!("{place}.matchExpressions[{i}]"), causes);
    }
}

fn expression(requirement: &Value, place: &str, causes: &mut Vec<Cause>) {
    let values = items(&requirement["values"]);
    match text(&requirement["operator"]) {
        "In" | "NotIn" => listed(values, place, causes),
        "Exists" | "DoesNotExist" => unlisted(values, place, causes),
        _ => unknown(requirement, place, causes),
    }
    key(requirement, place, causes);
    for (i, value) in values.iter().enumerate() {
        faults(&names::label_value(text(value)), &format!("{place}.values[{i}]"), value, causes);
    }
}

fn listed(values: &[Value], place: &str, causes: &mut Vec<Cause>) {
    if values.is_empty() {
        let detail = "must be specified when `operator` is 'In' or 'NotIn'";
        causes.push(Cause::required(format!("{place}.values"), detail));
    }
}

fn unlisted(values: &[Value], place: &str, causes: &mut Vec<Cause>) {
    if !values.is_empty() {
        let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        causes.push(Cause::forbidden(format!("{place}.values"), detail));
    }
}

fn unknown(requirement: &Value, place: &str, causes: &mut Vec<Cause>) {
    let operator = text(&requirement["operator"]).into();
    causes.push(Cause::invalid(
        format!("{place}.operator"),
        &operator,
        "not a valid selector operator",
    ));
}

fn key(requirement: &Value, place: &str, causes: &mut Vec<Cause>) {
    let key = text(&requirement["key"]);
    faults(&names::qualified_name(key), &format!("{place}.key"), &key.into(), causes);
}

/// What is wrong with a term of a node selector at `place`.
pub(super) fn node_term(term: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (i, requirement) in items(&term["matchExpressions"]).iter().enumerate() {
        let place = format!("{place}.matchExpressions[{i}]");
        let values = items(&requirement["values"]);
        match text(&requirement["operator"]) {
            "In" | "NotIn" => listed(values, &place, causes),
            "Exists" | "DoesNotExist" => unlisted(values, &place, causes),
            "Gt" | "Lt" if values.len() != 1 => {
                let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                causes.push(Cause::required(format!("{place}.values"), detail));
            }
            "Gt" | "Lt" => {}
            _ => unknown(requirement, &place, causes),
        }
        key(requirement, &place, causes);
    }
    for (i, requirement) in items(&term["matchFields"]).iter().enumerate() {
        node_field(requirement, &format!("{place}.matchFields[{i}]"), causes);
    }
}

fn node_field(requirement: &Value, place: &str, causes: &mut Vec<Cause>) {
    let values = items(&requirement["values"]);
    match text(&requirement["operator"]) {
        "In" | "NotIn" if values.len() != 1 => {
            let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            causes.push(Cause::required(format!("{place}.values"), detail));
        }
        "In" | "NotIn" => {}
        _ => unknown(requirement, place, causes),
    }
    if requirement["key"] != "metadata.name" {
        let field = text(&requirement["key"]).into();
        causes.push(Cause::invalid(format!("{place}.key"), &field, "not a valid field selector key"));
    }
}
