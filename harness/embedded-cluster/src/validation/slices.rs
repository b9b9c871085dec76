//! Endpoint slices.

use crate::value::Value;

use super::rules::{Check, Rule, apply, faults, items, not_one_of, text};
use super::{formats, names};
use crate::status::Cause;

const MOST: usize = 1000;
const MOST_ADDRESSES: usize = 100;
const MOST_PORTS: usize = 20_000;

const KINDS: &[&str] = &["FQDN", "IPv4", "IPv6"];

const ENDPOINT: &[Rule] = &[
    ("nodeName", Check::TextIfSet(names::subdomain)),
    ("hostname", Check::TextIfSet(names::label)),
];

const PORT: &[Rule] = &[
    ("protocol", Check::OneOfIfSet(&["SCTP", "TCP", "UDP"])),
    ("appProtocol", Check::TextIfSet(names::qualified_name)),
];

/// An EndpointSlice. Where its type changes, which it may not, nothing else is looked at.
pub(super) fn check(slice: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if old.is_some_and(|old| old["addressType"] != slice["addressType"]) {
        return;
    }
    let kind = text(&slice["addressType"]);
    if kind.is_empty() {
        causes.push(Cause::required("addressType", ""));
    } else if !KINDS.contains(&kind) {
        causes.push(not_one_of("addressType", &slice["addressType"], KINDS));
    }
    let endpoints = items(&slice["endpoints"]);
    if endpoints.len() > MOST {
        causes.push(too_many("endpoints", endpoints.len(), MOST));
        return;
    }
    for (i, endpoint) in endpoints.iter().enumerate() {
        let place = format!("endpoints[{i}]");
        let addresses = items(&endpoint["addresses"]);
        let field = format!("{place}.addresses");
        if addresses.is_empty() {
            causes.push(Cause::required(field.as_str(), "must contain at least 1 address"));
        } else if addresses.len() > MOST_ADDRESSES {
            causes.push(too_many(&field, addresses.len(), MOST_ADDRESSES));
        }
        for (j, address) in addresses.iter().enumerate() {
            faults(&address_faults(kind, text(address)), &format!("{field}[{j}]"), address, causes);
        }
        apply(ENDPOINT, endpoint, &place, causes);
    }
    ports(&slice["ports"], causes);
}

fn address_faults(kind: &str, address: &str) -> Vec<String> {
    match kind {
        "FQDN" => names::subdomain(address),
        "IPv4" | "IPv6" => {
            let wrong = formats::ip(address);
            if !wrong.is_empty() {
                return wrong;
            }
            if address.contains(':') == (kind == "IPv4") {
                return vec![format!("must be an {kind} address")];
            }
            formats::endpoint_ip(address)
        }
        _ => vec![],
    }
}

fn ports(ports: &Value, causes: &mut Vec<Cause>) {
    let ports = items(ports);
    if ports.len() > MOST_PORTS {
        causes.push(too_many("ports", ports.len(), MOST_PORTS));
        return;
    }
    let mut seen: Vec<&str> = vec![];
    for (i, port) in ports.iter().enumerate() {
        let place = format!("ports[{i}]");
        let name = text(&port["name"]);
        let field = format!("{place}.name");
        if !name.is_empty() {
            faults(&names::label(name), &field, &name.into(), causes);
        }
        if seen.contains(&name) {
            causes.push(Cause::duplicate(field, &name.into()));
        }
        seen.push(name);
        apply(PORT, port, &place, causes);
    }
}

fn too_many(place: &str, count: usize, most: usize) -> Cause {
    Cause {
        reason: "FieldValueTooMany".into(),
        message: format!("Too many: {count}: must have at most {most} items"),
        field: place.into(),
    }
}
