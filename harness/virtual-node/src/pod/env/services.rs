//! The variables that tell a container of its cluster's Services.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServicePort};
use kube::ResourceExt;

/// The variables for `services`, as Docker's links named them: `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT` and so on.
pub(crate) fn variables<'a>(services: impl IntoIterator<Item = &'a Service>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for service in services {
        let Some(spec) = &service.spec else { continue };
        let (Some(ip), Some(ports)) = (&spec.cluster_ip, &spec.ports) else {
            continue;
        };
        if ip.is_empty() || ip == "None" {
            continue;
        }
        describe(&shout(&service.name_any()), ip, ports, &mut env);
    }
    env
}

fn describe(name: &str, ip: &str, ports: &[ServicePort], env: &mut BTreeMap<String, String>) {
    env.insert(format!("{name}_SERVICE_HOST"), ip.to_owned());
    for (index, port) in ports.iter().enumerate() {
        let protocol = port.protocol.as_deref().unwrap_or("TCP");
        let url = format!("{}://{ip}:{}", protocol.to_ascii_lowercase(), port.port);
        let number = port.port.to_string();
        if index == 0 {
            env.insert(format!("{name}_SERVICE_PORT"), number.clone());
            env.insert(format!("{name}_PORT"), url.clone());
        }
        if let Some(port_name) = &port.name {
            env.insert(format!("{name}_SERVICE_PORT_{}", shout(port_name)), number.clone());
        }
        let prefix = format!("{name}_PORT_{number}_{protocol}");
        env.insert(format!("{prefix}_PROTO"), protocol.to_ascii_lowercase());
        env.insert(format!("{prefix}_PORT"), number);
        env.insert(format!("{prefix}_ADDR"), ip.to_owned());
        env.insert(prefix, url);
    }
}

fn shout(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::variables;

    #[test]
    fn services_with_an_address_are_told_of() {
        let kubernetes = serde_json::from_value(json!({"metadata": {"name": "kubernetes"}, "spec": {
            "clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP"}]}}))
        .unwrap();
        let headless =
            serde_json::from_value(json!({"metadata": {"name": "h"}, "spec": {"clusterIP": "None", "ports": [{"port": 1}]}})).unwrap();
        let env = variables([&kubernetes, &headless]);
        let expected = [
            ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
            ("KUBERNETES_PORT_443_TCP", "tcp://10.96.0.1:443"),
            ("KUBERNETES_PORT_443_TCP_ADDR", "10.96.0.1"),
            ("KUBERNETES_PORT_443_TCP_PORT", "443"),
            ("KUBERNETES_PORT_443_TCP_PROTO", "tcp"),
            ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
            ("KUBERNETES_SERVICE_PORT", "443"),
            ("KUBERNETES_SERVICE_PORT_HTTPS", "443"),
        ];
        assert_eq!(env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
    }
}
