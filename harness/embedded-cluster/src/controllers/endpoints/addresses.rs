//! The addresses and ports behind a Service, pod by pod.

use std::sync::Arc;

use crate::value::{Value, json};

use super::{is_headless, selects};
use crate::controllers::fields::Fields;
use crate::controllers::pods;
use crate::controllers::resources::PODS;
use crate::controllers::runtime::Context;
use crate::object::Object;

/// A pod behind a Service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Address {
    pub(super) ip: String,
    pub(super) node: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) target: Value,
    /// Passes its readiness checks, even while it stops.
    pub(super) serving: bool,
    pub(super) terminating: bool,
    /// Takes new connections.
    pub(super) ready: bool,
    /// `{name, port, protocol, appProtocol}` as resolved for this pod.
    pub(super) ports: Vec<Value>,
}

/// The addresses behind a Service, by pod name.
pub(super) fn of(context: &Context, service: &Object) -> Vec<Address> {
    let pods = context.cache.in_namespace(&PODS, service.namespace().unwrap_or_default());
    pods.iter()
        .filter(|pod| selects(service, pod))
        .filter_map(|pod| address(service, pod))
        .collect()
}

/// Whether a pod's change is nothing to Services.
pub(super) fn is_same(old: &Arc<Object>, new: &Arc<Object>) -> bool {
    let facts = |pod: &Object| {
        let place = [pod.str_at("/status/podIP"), pod.str_at("/spec/nodeName")].map(str::to_owned);
        (pods::is_ready(pod), pods::is_ended(pod), pod.deletion_timestamp().is_some(), place)
    };
    facts(old) == facts(new) && old.labels() == new.labels()
}

fn address(service: &Object, pod: &Object) -> Option<Address> {
    let ip = pod.str_at("/status/podIP");
    if ip.is_empty() || pods::is_ended(pod) {
        return None;
    }
    let publish_always = service.flag_at("/spec/publishNotReadyAddresses");
    let terminating = pod.deletion_timestamp().is_some();
    let serving = pods::is_ready(pod);
    let named = pod.str_at("/spec/subdomain") == service.name() && !pod.str_at("/spec/hostname").is_empty();
    let text = |pointer: &str| Some(pod.str_at(pointer)).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Address {
        ip: ip.to_owned(),
        node: text("/spec/nodeName"),
        hostname: text("/spec/hostname").filter(|_| named),
        target: json!({"kind": "Pod", "namespace": pod.namespace(), "name": pod.name(), "uid": pod.uid()}),
        serving,
        terminating,
        ready: publish_always || (serving && !terminating),
        ports: ports(service, pod),
    })
}

fn ports(service: &Object, pod: &Object) -> Vec<Value> {
    let of_service = service.list_at("/spec/ports");
    let headless_without = is_headless(service) && of_service.is_empty();
    if headless_without {
        return vec![];
    }
    of_service.iter().filter_map(|port| resolve(port, pod)).collect()
}

/// A Service's port on a pod; none where it names a port that the pod does not have.
fn resolve(port: &Value, pod: &Object) -> Option<Value> {
    let protocol = port["protocol"].as_str().unwrap_or("TCP");
    let number = match &port["targetPort"] {
        Value::Number(number) => number.as_i64().filter(|n| *n > 0).or_else(|| port["port"].as_i64()),
        Value::String(name) => container_port(pod, name, protocol),
        _ => port["port"].as_i64(),
    };
    let mut resolved = json!({"name": port["name"].as_str().unwrap_or_default(), "port": number?, "protocol": protocol});
    if let Some(application) = port["appProtocol"].as_str() {
        resolved["appProtocol"] = application.into();
    }
    Some(resolved)
}

fn container_port(pod: &Object, name: &str, protocol: &str) -> Option<i64> {
    let sidecars = pod
        .list_at("/spec/initContainers")
        .iter()
        .filter(|c| c["restartPolicy"] == "Always");
    let containers = pod.list_at("/spec/containers").iter().chain(sidecars);
    let mut ports = containers.flat_map(|container| container.list_at("/ports"));
    let named = ports.find(|port| port["name"] == name && port["protocol"].as_str().unwrap_or("TCP") == protocol);
    named.and_then(|port| port["containerPort"].as_i64())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::number(json!({"port": 80, "targetPort": 8080}), Some(8080))]
    #[case::absent(json!({"port": 80}), Some(80))]
    #[case::name(json!({"port": 80, "targetPort": "http"}), Some(8088))]
    #[case::other_protocol(json!({"port": 53, "targetPort": "http", "protocol": "UDP"}), None)]
    #[case::unknown_name(json!({"port": 80, "targetPort": "grpc"}), None)]
    fn target_ports(#[case] port: Value, #[case] expected: Option<i64>) {
        let pod = Object::new(json!({"spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8088}]}]}}));
        assert_eq!(resolve(&port, &pod).and_then(|port| port["port"].as_i64()), expected);
    }
}
