//! Services, endpoints and the rest of networking.

use crate::value::{Map, Value, json};

use super::Fields as _;

const CLUSTER: &str = "Cluster";

pub(super) fn service(service: &mut Map) {
    let Some(spec) = service.object("spec") else { return };
    spec.default("type", "ClusterIP");
    spec.default("sessionAffinity", "None");
    match spec.text("sessionAffinity") {
        "ClientIP" => {
            let config = spec.object_or_new("sessionAffinityConfig");
            config.object_or_new("clientIP").default("timeoutSeconds", 10800);
        }
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        _ => {}
    }
    let kind = spec.text("type").to_owned();
    let external = matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && spec.has("externalIPs"));
    if external {
        spec.default("externalTrafficPolicy", CLUSTER);
    }
    if matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.default("internalTrafficPolicy", CLUSTER);
    }
    if kind == "LoadBalancer" {
        spec.default("allocateLoadBalancerNodePorts", true);
    }
    spec.each("ports", |port| {
        if port.text("protocol").is_empty() {
            port.insert("protocol".to_owned(), "TCP".into());
        }
        let unset = match port.get("targetPort") {
            None | Some(Value::Null) => true,
            Some(Value::Number(number)) => number.as_i64() == Some(0),
            Some(Value::String(name)) => name.is_empty(),
            Some(_) => false,
        };
        if unset {
            let number = port.get("port").cloned().unwrap_or_default();
            port.insert("targetPort", number);
        }
    });
    if kind == "LoadBalancer"
        && let Some(balancer) = service.object("status").and_then(|status| status.object("loadBalancer"))
    {
        balancer.each("ingress", |ingress| {
            if ingress.has("ip") {
                ingress.default("ipMode", "VIP");
            }
        });
    }
}

pub(super) fn endpoints(endpoints: &mut Map) {
    endpoints.each("subsets", |subset| {
        subset.each("ports", |port| port.default("protocol", "TCP"));
    });
}

pub(super) fn endpoint_slice(slice: &mut Map) {
    slice.each("ports", |port| {
        port.default("name", "");
        port.default("protocol", "TCP");
    });
}

pub(super) fn network_policy(policy: &mut Map) {
    let Some(spec) = policy.object("spec") else { return };
    let types = if spec.has("egress") {
        json!(["Ingress", "Egress"])
    } else {
        json!(["Ingress"])
    };
    spec.default("policyTypes", types);
    for direction in ["ingress", "egress"] {
        spec.each(direction, |rule| {
            rule.each("ports", |port| port.default("protocol", "TCP"));
        });
    }
}

pub(super) fn ingress_class(class: &mut Map) {
    let spec = class.object("spec");
    if let Some(parameters) = spec.and_then(|spec| spec.object("parameters")) {
        parameters.default("scope", CLUSTER);
    }
}
