//! Ingresses and network policies.

use std::net::IpAddr;

use crate::value::Value;

use super::rules::{self, Check, Rule, apply, faults, items, text};
use super::{formats, names, selectors};
use crate::status::Cause;

const TLS: &[Rule] = &[("hosts", Check::With(hosts)), ("secretName", Check::Subdomain)];

/// An Ingress.
pub(super) fn ingress(ingress: &Value, causes: &mut Vec<Cause>) {
    let spec = &ingress["spec"];
    let rules = items(&spec["rules"]);
    if spec["defaultBackend"].is_object() {
        backend(&spec["defaultBackend"], "spec.defaultBackend", causes);
    } else if rules.is_empty() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        causes.push(Cause::invalid("spec", &spec["rules"], detail));
    }
    for (i, rule) in rules.iter().enumerate() {
        let place = format!("spec.rules[{i}]");
        host(&rule["host"], &format!("{place}.host"), causes);
        if !rule["http"].is_object() {
            continue;
        }
        let place = format!("{place}.http.paths");
        let paths = items(&rule["http"]["paths"]);
        if paths.is_empty() {
            causes.push(Cause::required(place.as_str(), ""));
        }
        for (j, item) in paths.iter().enumerate() {
            let place = format!("{place}[{j}]");
            path(item, &place, causes);
            // Without a type of path, nothing else is looked at.
            if !item["pathType"].is_null() {
                backend(&item["backend"], &format!("{place}.backend"), causes);
            }
        }
    }
    apply(
        &[
            ("tls[*]", Check::All(TLS)),
            ("ingressClassName", Check::TextIfSet(names::subdomain)),
        ],
        spec,
        "spec",
        causes,
    );
}

/// What the parameters of an IngressClass refer to.
pub(super) fn class_parameters(reference: &Value, place: &str, causes: &mut Vec<Cause>) {
    if !reference.is_object() {
        return;
    }
    apply(&[("apiGroup", Check::TextIfSet(names::subdomain))], reference, place, causes);
    for (field, missing) in [("kind", "kind is required"), ("name", "name is required")] {
        let place = format!("{place}.{field}");
        match text(&reference[field]) {
            "" => causes.push(Cause::required(place, missing)),
            name => faults(&names::path_segment(name), &place, &name.into(), causes),
        }
    }
}

fn host(host: &Value, place: &str, causes: &mut Vec<Cause>) {
    let name = text(host);
    if name.is_empty() {
        return;
    }
    if name.parse::<IpAddr>().is_ok() {
        causes.push(Cause::invalid(place, host, "must be a DNS name, not an IP address"));
    }
    if name.contains('*') {
        faults(&names::wildcard(name), place, host, causes);
    } else {
        faults(&names::subdomain(name), place, host, causes);
    }
}

fn hosts(hosts: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (i, name) in items(hosts).iter().enumerate() {
        let wrong = if text(name).contains('*') {
            names::wildcard(text(name))
        } else {
            names::subdomain(text(name))
        };
        faults(&wrong, &format!("{place}[{i}]"), name, causes);
    }
}

fn path(item: &Value, place: &str, causes: &mut Vec<Cause>) {
    let path = text(&item["path"]);
    let field = format!("{place}.path");
    let mut invalid = |detail: &str| causes.push(Cause::invalid(field.as_str(), &path.into(), detail));
    match text(&item["pathType"]) {
        "" => causes.push(Cause::required(format!("{place}.pathType"), "pathType must be specified")),
        "Exact" | "Prefix" => {
            if !path.starts_with('/') {
                invalid("must be an absolute path");
            }
            if path.is_empty() {
                return;
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"].iter().filter(|p| path.contains(**p)) {
                invalid(&format!("must not contain '{part}'"));
            }
            for end in ["/..", "/."].iter().filter(|e| path.ends_with(**e)) {
                invalid(&format!("cannot end with '{end}'"));
            }
        }
        "ImplementationSpecific" => {
            if !path.is_empty() && !path.starts_with('/') {
                invalid("must be an absolute path");
            }
        }
        _ => causes.push(rules::not_one_of(
            &format!("{place}.pathType"),
            &item["pathType"],
            &["Exact", "ImplementationSpecific", "Prefix"],
        )),
    }
}

const RESOURCE: &[Rule] = &[
    ("apiGroup", Check::TextIfSet(names::subdomain)),
    ("kind", Check::RequiredText(names::path_segment)),
    ("name", Check::RequiredText(names::path_segment)),
];

fn backend(backend: &Value, place: &str, causes: &mut Vec<Cause>) {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    let mut invalid = |detail: &str| causes.push(Cause::invalid(place, &"".into(), detail));
    match (service.is_object(), resource.is_object()) {
        (true, true) => invalid("cannot set both resource and service backends"),
        (false, false) => invalid("resource or service backend is required"),
        (false, true) => apply(RESOURCE, resource, &format!("{place}.resource"), causes),
        (true, false) => {
            let field = format!("{place}.service");
            let (name, port) = (text(&service["name"]), &service["port"]);
            if name.is_empty() {
                causes.push(Cause::required(format!("{field}.name"), ""));
            } else {
                faults(&names::label(name), &format!("{field}.name"), &name.into(), causes);
            }
            let number = port["number"].as_i64().unwrap_or(0);
            match (text(&port["name"]), number) {
                ("", 0) => causes.push(Cause::required(place, "port name or number is required")),
                ("", _) => apply(&[("port.number", Check::Between(1, 65535))], service, &field, causes),
                (name, 0) => faults(&formats::port_name(name), &format!("{field}.port.name"), &name.into(), causes),
                _ => causes.push(Cause::invalid(place, &"".into(), "cannot set both port name & port number")),
            }
        }
    }
}

/// A NetworkPolicy.
pub(super) fn policy(policy: &Value, causes: &mut Vec<Cause>) {
    let spec = &policy["spec"];
    selectors::check(&spec["podSelector"], "spec.podSelector", causes);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in items(&spec[direction]).iter().enumerate() {
            let place = format!("spec.{direction}[{i}]");
            for (j, item) in items(&rule["ports"]).iter().enumerate() {
                port(item, &format!("{place}.ports[{j}]"), causes);
            }
            for (j, item) in items(&rule[peers]).iter().enumerate() {
                peer(item, &format!("{place}.{peers}[{j}]"), causes);
            }
        }
    }
    let types = items(&spec["policyTypes"]);
    if types.len() > 2 {
        let detail = "may not specify more than two policyTypes";
        causes.push(Cause::invalid("spec.policyTypes", &spec["policyTypes"], detail));
        return;
    }
    for (i, kind) in types.iter().enumerate() {
        let place = format!("spec.policyTypes[{i}]");
        apply(&[("", Check::OneOfIfSet(&["Egress", "Ingress"]))], kind, &place, causes);
    }
}

fn port(item: &Value, place: &str, causes: &mut Vec<Cause>) {
    let (port, end) = (&item["port"], &item["endPort"]);
    apply(&[("protocol", Check::OneOfIfSet(&["SCTP", "TCP", "UDP"]))], item, place, causes);
    let field = format!("{place}.endPort");
    let mut invalid = |value: &Value, detail: &str| causes.push(Cause::invalid(field.as_str(), value, detail));
    match (port, end.as_i64()) {
        (Value::Null, None) => {}
        (Value::Null, Some(_)) => invalid(end, "must be specified with a numeric `port`"),
        (Value::String(_), Some(_)) => {
            invalid(end, "may not be specified when `port` is non-numeric");
        }
        (_, Some(last)) if port.as_i64().is_some_and(|first| last < first) => {
            invalid(port, "must be greater than or equal to `port`");
        }
        (_, Some(_)) => apply(&[("endPort", Check::Between(1, 65535))], item, place, causes),
        (_, None) => {}
    }
    if !port.is_null() {
        apply(&[("port", Check::Port)], item, place, causes);
    }
}

fn peer(peer: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut count = 0;
    for field in ["podSelector", "namespaceSelector"].iter().filter(|f| peer[**f].is_object()) {
        count += 1;
        selectors::check(&peer[*field], &format!("{place}.{field}"), causes);
    }
    let block = &peer["ipBlock"];
    if block.is_object() {
        count += 1;
        ip_block(block, &format!("{place}.ipBlock"), causes);
    }
    if count == 0 {
        causes.push(Cause::required(place, "must specify a peer"));
    } else if count > 1 && block.is_object() {
        causes.push(Cause::forbidden(place, "may not specify both ipBlock and another peer"));
    }
}

fn ip_block(block: &Value, place: &str, causes: &mut Vec<Cause>) {
    let range = text(&block["cidr"]);
    if range.is_empty() {
        causes.push(Cause::required(format!("{place}.cidr"), ""));
        return;
    }
    let wrong = formats::cidr(range);
    faults(&wrong, &format!("{place}.cidr"), &range.into(), causes);
    for (i, part) in items(&block["except"]).iter().enumerate() {
        let field = format!("{place}.except[{i}]");
        let bad = formats::cidr(text(part));
        faults(&bad, &field, part, causes);
        if bad.is_empty() && wrong.is_empty() && !formats::is_strictly_within(text(part), range) {
            let detail = "must be a strict subset of `cidr`";
            causes.push(Cause::invalid(field, part, detail));
        }
    }
}
