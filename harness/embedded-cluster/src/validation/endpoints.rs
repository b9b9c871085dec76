//! Endpoints, the older form of endpoint slices.

use crate::value::Value;

use super::names;
use super::rules::{Check, Rule, apply, faults, items, text};
use super::services::{PORT, address};
use crate::status::Cause;

const ENDPOINT: &[Rule] = &[("hostname", Check::Label), ("nodeName", Check::TextIfSet(names::subdomain))];

/// Endpoints.
pub(super) fn check(object: &Value, causes: &mut Vec<Cause>) {
    for (i, subset) in items(&object["subsets"]).iter().enumerate() {
        let place = format!("subsets[{i}]");
        let (ready, others) = (items(&subset["addresses"]), items(&subset["notReadyAddresses"]));
        if ready.is_empty() && others.is_empty() {
            let detail = "must specify `addresses` or `notReadyAddresses`";
            causes.push(Cause::required(place.as_str(), detail));
        }
        for (field, list) in [("addresses", ready), ("notReadyAddresses", others)] {
            for (j, endpoint) in list.iter().enumerate() {
                let place = format!("{place}.{field}[{j}]");
                address(&text(&endpoint["ip"]).into(), &format!("{place}.ip"), causes);
                apply(ENDPOINT, endpoint, &place, causes);
            }
        }
        let ports = items(&subset["ports"]);
        for (j, port) in ports.iter().enumerate() {
            let place = format!("{place}.ports[{j}]");
            match text(&port["name"]) {
                "" if ports.len() > 1 => causes.push(Cause::required(format!("{place}.name"), "")),
                "" => {}
                name => faults(&names::label(name), &format!("{place}.name"), &name.into(), causes),
            }
            apply(PORT[..2].as_ref(), port, &place, causes);
            apply(PORT[3..].as_ref(), port, &place, causes);
        }
    }
}
