//! Probes and lifecycle hooks.

use crate::value::Value;

use super::super::formats;
use super::super::rules::{self, Check, Rule, text};
use super::containers::one_source;
use crate::status::Cause;

const HANDLER: &[Rule] = &[
    ("exec.command", Check::Required),
    ("httpGet.path", Check::Required),
    ("httpGet.port", Check::Port),
    ("httpGet.scheme", Check::OneOf(&["HTTP", "HTTPS"])),
    ("httpGet.httpHeaders[*].name", Check::With(header)),
    ("tcpSocket.port", Check::Port),
    ("grpc.port", Check::Between(1, 65535)),
];

const COUNTS: &[Rule] = &[
    ("initialDelaySeconds", Check::NotNegative),
    ("timeoutSeconds", Check::NotNegative),
    ("periodSeconds", Check::NotNegative),
    ("successThreshold", Check::NotNegative),
    ("failureThreshold", Check::NotNegative),
    ("terminationGracePeriodSeconds", Check::Above(0)),
];

/// What is done to probe, or at a turn of a container's life.
pub(super) fn handler(handler: &Value, kinds: &[&str], place: &str, causes: &mut Vec<Cause>) {
    let first = kinds.iter().find(|kind| handler.get(**kind).is_some_and(|h| !h.is_null()));
    if let Some(first) = first {
        // Only the first is looked into.
        let rules: Vec<Rule> = HANDLER
            .iter()
            .filter(|(path, _)| path.split('.').next() == Some(*first))
            .copied()
            .collect();
        rules::apply(&rules, handler, place, causes);
    }
    one_source(handler, kinds, place, "handler type", causes);
}

fn header(name: &Value, place: &str, causes: &mut Vec<Cause>) {
    // The fault is that of the list's field.
    let place = place.rsplit_once('[').map_or(place, |(list, _)| list);
    rules::faults(&formats::header_name(text(name)), place, &text(name).into(), causes);
}

/// A probe by the name of its field.
pub(super) fn check(name: &str, probe: &Value, place: &str, causes: &mut Vec<Cause>) {
    handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], place, causes);
    rules::apply(COUNTS, probe, place, causes);
    if name == "readinessProbe" {
        let grace = &probe["terminationGracePeriodSeconds"];
        if !grace.is_null() {
            let field = format!("{place}.terminationGracePeriodSeconds");
            causes.push(Cause::invalid(field, grace, "must not be set for readinessProbes"));
        }
    } else if probe["successThreshold"].as_i64().is_some_and(|n| n != 1) {
        let field = format!("{place}.successThreshold");
        causes.push(Cause::invalid(field, &probe["successThreshold"], "must be 1"));
    }
}
