//! What a Service has because of its type, and loses with it.

use crate::value::Value;

const ADDRESSES: &[&str] = &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"];

fn balances(spec: &Value) -> bool {
    spec["type"] == "LoadBalancer"
}

fn has_node_ports(spec: &Value) -> bool {
    spec["type"] == "NodePort" || balances(spec) && spec["allocateLoadBalancerNodePorts"] != false
}

fn is_reachable(spec: &Value) -> bool {
    let external = spec["externalIPs"].as_array().is_some_and(|ips| !ips.is_empty());
    matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer")) || external && spec["type"] == "ClusterIP"
}

/// A Service keeps the addresses that its author left out.
pub(super) fn keep_addresses(old: &Value, new: &mut Value) {
    let has_address = |service: &Value| service["spec"]["type"] != "ExternalName";
    if !has_address(old) || !has_address(new) || !new["spec"].is_object() {
        return;
    }
    let (old, new) = (&old["spec"], &mut new["spec"]);
    if new["clusterIP"].as_str().unwrap_or_default().is_empty() && old["clusterIP"].is_string() {
        new["clusterIP"] = old["clusterIP"].clone();
    }
    if new["clusterIPs"].as_array().is_none_or(Vec::is_empty) && old["clusterIPs"].is_array() {
        new["clusterIPs"] = old["clusterIPs"].clone();
    }
}

/// Drops what only the old type could have, unless the author set it anew.
pub(super) fn drop_dependent(old: &Value, new: &mut Value) {
    let old = &old["spec"];
    let before = new["spec"].clone();
    let lost = |has: fn(&Value) -> bool| has(old) && !has(&before);
    let same = |field: &str| old.get(field) == before.get(field);
    let Some(spec) = new["spec"].as_object_mut() else { return };
    if before["type"] == "ExternalName" && old["type"] != "ExternalName" {
        let kept = ["clusterIP", "clusterIPs"].iter().all(|field| same(field));
        for field in ADDRESSES.iter().filter(|field| kept && same(field)) {
            spec.remove(field);
        }
    }
    let ports = |spec: &Value| -> Vec<Value> {
        let list = spec["ports"].as_array().into_iter().flatten();
        list.map(|port| port["nodePort"].clone()).collect()
    };
    if lost(has_node_ports) && ports(old) == ports(&before) {
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(port) = port.as_object_mut() {
                port.remove("nodePort");
            }
        }
    }
    let mut drop_same = |fields: &[&str]| {
        for field in fields.iter().filter(|field| same(field)) {
            spec.remove(field);
        }
    };
    if lost(balances) {
        drop_same(&["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    if lost(is_reachable) {
        drop_same(&["externalTrafficPolicy"]);
    }
    if lost(|spec| balances(spec) && spec["externalTrafficPolicy"] == "Local") {
        drop_same(&["healthCheckNodePort"]);
    }
}
