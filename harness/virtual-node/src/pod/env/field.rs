//! Fields of a pod that its containers may read: the downward API.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

/// What a pod gets from its node, which its own object may not show yet.
pub(crate) struct Place<'a> {
    pub(crate) pod_ip: &'a str,
    pub(crate) host_ip: &'a str,
    pub(crate) node: &'a str,
}

/// The value of a downward API `fieldPath`; `None` if there is no such field.
pub(crate) fn field(pod: &Pod, place: &Place<'_>, path: &str) -> Option<String> {
    if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        let map = match map {
            "metadata.labels" => pod.labels(),
            "metadata.annotations" => pod.annotations(),
            _ => return None,
        };
        return Some(map.get(key).cloned().unwrap_or_default());
    }
    Some(match path {
        "metadata.name" => pod.name_any(),
        "metadata.namespace" => pod.namespace().unwrap_or_default(),
        "metadata.uid" => pod.uid().unwrap_or_default(),
        "metadata.labels" => lines(pod.labels()),
        "metadata.annotations" => lines(pod.annotations()),
        "spec.nodeName" => place.node.to_owned(),
        "spec.serviceAccountName" => {
            let spec = pod.spec.as_ref()?;
            spec.service_account_name.clone().unwrap_or_default()
        }
        "status.hostIP" | "status.hostIPs" => place.host_ip.to_owned(),
        "status.podIP" | "status.podIPs" => place.pod_ip.to_owned(),
        _ => return None,
    })
}

/// A map as the downward API writes it: sorted lines of `key="value"`, quoted as Go does.
fn lines(map: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = map.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Pod;
    use serde_json::json;

    use super::{Place, field};

    #[test]
    fn the_downward_api_reads_the_pod() {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"b": "2", "a": "1"}},
            "spec": {"serviceAccountName": "robot", "containers": []},
        }))
        .unwrap();
        let place = Place {
            pod_ip: "10.244.0.2",
            host_ip: "172.18.0.2",
            node: "node-1",
        };
        for (path, expected) in [
            ("metadata.namespace", Some("ns")),
            ("metadata.labels", Some("a=\"1\"\nb=\"2\"")),
            ("metadata.labels['a']", Some("1")),
            ("metadata.annotations['none']", Some("")),
            ("spec.nodeName", Some("node-1")),
            ("spec.serviceAccountName", Some("robot")),
            ("status.podIP", Some("10.244.0.2")),
            ("spec.containers", None),
        ] {
            assert_eq!(field(&pod, &place, path).as_deref(), expected, "{path}");
        }
    }
}
