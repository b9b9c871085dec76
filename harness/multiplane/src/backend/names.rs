//! Names by which clusters are known to each other's pods.

use super::dns_name;

/// The domain of all clusters. `.test` is reserved, so that no name of ours is anybody's.
pub(crate) const DOMAIN: &str = "multiplane.test";

/// The machine of a cluster's API server.
pub(crate) fn api(id: &str) -> String {
    format!("{}.{DOMAIN}", dns_name(id))
}

/// The machine of a cluster's Ingress controller.
pub(crate) fn ingress(id: &str) -> String {
    format!("flyte.{}", api(id))
}

/// `host:port` of a Service's port.
pub(crate) fn service(id: &str, namespace: &str, name: &str, port: u16) -> String {
    format!("{name}.{namespace}.svc.{}:{port}", api(id))
}

/// The cluster that a name belongs to, as [`dns_name`](super::dns_name) has it: its machine, its Ingress controller, or one of its Services.
pub(crate) fn cluster(name: &str) -> Option<&str> {
    let rest = name.strip_suffix(DOMAIN)?.strip_suffix('.')?;
    rest.rsplit('.').next().filter(|cluster| !cluster.is_empty())
}

/// The Service's name in its own cluster, and the machine of that cluster, if `name` is a [`service`]'s.
pub(crate) fn split_service(name: &str) -> Option<(String, &str)> {
    let (service, cluster) = name.split_once(".svc.")?;
    let ours = cluster.strip_suffix(DOMAIN)?.strip_suffix('.')?;
    (!ours.is_empty()).then(|| (format!("{service}.svc.cluster.local"), cluster))
}

#[cfg(test)]
mod tests {
    use super::{cluster, split_service};
    use rstest::rstest;

    #[rstest]
    #[case("flyteadmin.flyte.svc.dataplane-1.multiplane.test", Some(("flyteadmin.flyte.svc.cluster.local", "dataplane-1.multiplane.test")))]
    #[case("flyteadmin.flyte.svc.cluster.local", None)]
    #[case("flyteadmin.flyte.svc.multiplane.test", None)]
    #[case("dataplane-1.multiplane.test", None)]
    fn services_of_other_clusters(#[case] name: &str, #[case] expected: Option<(&str, &str)>) {
        let found = split_service(name);
        assert_eq!(found.as_ref().map(|(service, cluster)| (service.as_str(), *cluster)), expected);
    }
    #[rstest]
    #[case("dataplane-1.multiplane.test", Some("dataplane-1"))]
    #[case("flyte.dataplane-1.multiplane.test", Some("dataplane-1"))]
    #[case("flyteadmin.flyte.svc.dataplane-1.multiplane.test", Some("dataplane-1"))]
    #[case("multiplane.test", None)]
    #[case("example.com", None)]
    fn clusters_behind_names(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(cluster(name), expected);
    }
}
