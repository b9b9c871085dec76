//! Services and the endpoints behind them.

use crate::value::{Value, json};

use super::rules::{self, Check, Rule, apply, faults, items, text};
use super::{formats, names};
use crate::status::Cause;

const BALANCER_ONLY: &str = "may only be used when `type` is 'LoadBalancer'";

/// A port of a Service; its target is the third rule.
pub(super) const PORT: &[Rule] = &[
    ("port", Check::With(number)),
    ("protocol", Check::OneOf(&["SCTP", "TCP", "UDP"])),
    ("targetPort", Check::With(target)),
    ("appProtocol", Check::TextIfSet(names::qualified_name)),
];

const SERVICE: &[Rule] = &[
    ("", Check::With(kind)),
    ("ports", Check::With(ports)),
    ("selector", Check::Labels),
    ("sessionAffinity", Check::OneOf(&["ClientIP", "None"])),
    ("", Check::With(affinity)),
    ("", Check::With(addresses)),
    ("externalIPs", Check::With(external)),
    ("type", Check::OneOf(&["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"])),
    ("", Check::With(node_ports)),
    ("ports", Check::With(distinct)),
    ("", Check::With(balancer)),
    ("", Check::With(traffic)),
    ("internalTrafficPolicy", Check::OneOfIfSet(&["Cluster", "Local"])),
    (
        "trafficDistribution",
        Check::OneOf(&["PreferClose", "PreferSameZone", "PreferSameNode"]),
    ),
];

/// A Service.
pub(super) fn check(service: &Value, causes: &mut Vec<Cause>) {
    apply(SERVICE, &service["spec"], "spec", causes);
}

/// The cluster addresses a Service asks for or has.
pub(super) fn cluster_ips(spec: &Value) -> Vec<&str> {
    let listed: Vec<&str> = items(&spec["clusterIPs"]).iter().map(text).collect();
    if listed.is_empty() {
        Some(text(&spec["clusterIP"])).filter(|ip| !ip.is_empty()).into_iter().collect()
    } else {
        listed
    }
}

fn number(port: &Value, place: &str, causes: &mut Vec<Cause>) {
    let port = json!(port.as_i64().unwrap_or(0));
    apply(&[("", Check::Between(1, 65535))], &port, place, causes);
}

/// Defaulted to the port, which may itself be missing.
fn target(target: &Value, place: &str, causes: &mut Vec<Cause>) {
    match target {
        Value::Null => number(target, place, causes),
        target => apply(&[("", Check::Port)], target, place, causes),
    }
}

fn kind(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let kind = text(&spec["type"]);
    let headless = cluster_ips(spec).first() == Some(&"None");
    if items(&spec["ports"]).is_empty() && !headless && kind != "ExternalName" {
        causes.push(Cause::required(format!("{base}.ports"), ""));
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            let detail = format!("may not be set to 'None' for {kind} services");
            causes.push(Cause::invalid(format!("{base}.clusterIPs[0]"), &"None".into(), &detail));
        }
        "ExternalName" => {
            let detail = "may not be set for ExternalName services";
            for field in ["clusterIPs", "ipFamilies"].iter().filter(|f| !items(&spec[**f]).is_empty()) {
                causes.push(Cause::forbidden(format!("{base}.{field}"), detail));
            }
            let field = format!("{base}.externalName");
            match text(&spec["externalName"]).trim_end_matches('.') {
                "" => causes.push(Cause::required(field, "")),
                name => faults(&names::subdomain(name), &field, &name.into(), causes),
            }
        }
        _ => {}
    }
}

fn ports(ports: &Value, place: &str, causes: &mut Vec<Cause>) {
    let list = items(ports);
    let mut seen: Vec<&str> = vec![];
    for (i, port) in list.iter().enumerate() {
        let place = format!("{place}[{i}]");
        let field = format!("{place}.name");
        match text(&port["name"]) {
            "" if list.len() > 1 => causes.push(Cause::required(field, "")),
            "" => {}
            name => {
                faults(&names::label(name), &field, &name.into(), causes);
                if seen.contains(&name) {
                    causes.push(Cause::duplicate(field, &name.into()));
                }
                seen.push(name);
            }
        }
        apply(PORT, port, &place, causes);
    }
}

fn affinity(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let place = format!("{base}.sessionAffinityConfig");
    let config = &spec["sessionAffinityConfig"];
    let seconds = &config["clientIP"]["timeoutSeconds"];
    match text(&spec["sessionAffinity"]) {
        "ClientIP" if !seconds.is_null() && !(1..=86400).contains(&seconds.as_i64().unwrap_or(0)) => {
            let detail = "must be greater than 0 and less than 86400";
            causes.push(Cause::invalid(format!("{place}.clientIP.timeoutSeconds"), seconds, detail));
        }
        "None" if config.is_object() => {
            let detail = "must not be set when session affinity is None";
            causes.push(Cause::forbidden(place, detail));
        }
        _ => {}
    }
}

/// Cluster addresses and their families.
fn addresses(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    if spec["type"] == "ExternalName" {
        return;
    }
    let families = items(&spec["ipFamilies"]);
    for (i, family) in families.iter().enumerate() {
        let field = format!("{base}.ipFamilies[{i}]");
        if !["IPv4", "IPv6"].contains(&text(family)) {
            causes.push(rules::not_one_of(&field, family, &["IPv4", "IPv6"]));
        } else if families[..i].contains(family) {
            causes.push(Cause::duplicate(field, family));
        }
    }
    let policies = &["PreferDualStack", "RequireDualStack", "SingleStack"];
    apply(&[("ipFamilyPolicy", Check::OneOfIfSet(policies))], spec, base, causes);
    if !items(&spec["clusterIPs"]).is_empty() && text(&spec["clusterIP"]).is_empty() {
        let detail = "must be empty when `clusterIP` is not specified";
        causes.push(Cause::invalid(format!("{base}.clusterIPs"), &spec["clusterIPs"], detail));
    }
    let ips = cluster_ips(spec);
    if ips.len() > 2 {
        let field = format!("{base}.clusterIPs");
        causes.push(Cause::invalid(field, &spec["clusterIPs"], "may only hold up to 2 values"));
    }
    for (i, ip) in ips.iter().enumerate() {
        let field = format!("{base}.clusterIPs[{i}]");
        let shown = Value::from(*ip);
        if *ip == "None" {
            if ips.len() > 1 {
                causes.push(Cause::invalid(field, &shown, "'None' must be the first and only value"));
            }
            continue;
        }
        let wrong = formats::ip(ip);
        faults(&wrong, &field, &shown, causes);
        let family = if ip.contains(':') { "IPv6" } else { "IPv4" };
        if let Some(wanted) = families.get(i).map(text).filter(|wanted| *wanted != family && wrong.is_empty()) {
            let article = "an";
            let detail = format!("expected {article} {wanted} value as indicated by `ipFamilies[{i}]`");
            causes.push(Cause::invalid(field, &shown, &detail));
        }
    }
}

fn external(ips: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (i, ip) in items(ips).iter().enumerate() {
        address(ip, &format!("{place}[{i}]"), causes);
    }
}

/// An address that endpoints may have.
pub(super) fn address(ip: &Value, place: &str, causes: &mut Vec<Cause>) {
    faults(&formats::ip(text(ip)), place, ip, causes);
    faults(&formats::endpoint_ip(text(ip)), place, ip, causes);
}

fn node_ports(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let mut taken: Vec<(&str, i64)> = vec![];
    for (i, port) in items(&spec["ports"]).iter().enumerate() {
        let number = port["nodePort"].as_i64().unwrap_or(0);
        let field = format!("{base}.ports[{i}].nodePort");
        if number == 0 {
            continue;
        }
        if spec["type"] == "ClusterIP" {
            let detail = "may not be used when `type` is 'ClusterIP'";
            causes.push(Cause::forbidden(field.as_str(), detail));
        }
        let key = (text(&port["protocol"]), number);
        if taken.contains(&key) {
            causes.push(Cause::duplicate(field, &port["nodePort"]));
        }
        taken.push(key);
    }
}

/// No port twice with the same protocol.
fn distinct(ports: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut seen: Vec<(&Value, &Value)> = vec![];
    for (i, port) in items(ports).iter().enumerate() {
        let key = (&port["protocol"], &port["port"]);
        if seen.contains(&key) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                key.0, key.1
            );
            causes.push(Cause {
                reason: "FieldValueDuplicate".into(),
                message: format!("Duplicate value: {shown}"),
                field: format!("{place}[{i}]"),
            });
        }
        seen.push(key);
    }
}

fn balancer(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let balancer = spec["type"] == "LoadBalancer";
    let ranges = items(&spec["loadBalancerSourceRanges"]);
    // Kubernetes writes this field's path with a capital.
    let field = format!("{base}.LoadBalancerSourceRanges");
    if !ranges.is_empty() && !balancer {
        causes.push(Cause::forbidden(field.as_str(), BALANCER_ONLY));
    }
    for (i, range) in ranges.iter().enumerate() {
        faults(&formats::cidr(text(range).trim()), &format!("{field}[{i}]"), range, causes);
    }
    for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        let place = format!("{base}.{field}");
        let value = &spec[field];
        if !value.is_null() && !balancer {
            causes.push(Cause::forbidden(place, BALANCER_ONLY));
        } else if let Some(class) = value.as_str() {
            faults(&names::qualified_name(class), &place, value, causes);
        }
    }
}

fn traffic(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let kind = text(&spec["type"]);
    let reachable = match kind {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !items(&spec["externalIPs"]).is_empty(),
        _ => false,
    };
    let policy = &spec["externalTrafficPolicy"];
    let field = format!("{base}.externalTrafficPolicy");
    if !text(policy).is_empty() {
        if !reachable {
            let detail = "may only be set for externally-accessible services";
            causes.push(Cause::invalid(field, policy, detail));
        } else if !["Cluster", "Local"].contains(&text(policy)) {
            causes.push(rules::not_one_of(&field, policy, &["Cluster", "Local"]));
        }
    }
    let health = &spec["healthCheckNodePort"];
    let wanted = kind == "LoadBalancer" && *policy == "Local";
    if health.as_i64().is_some_and(|port| port != 0) && !wanted {
        let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        causes.push(Cause::invalid(format!("{base}.healthCheckNodePort"), health, detail));
    }
}
