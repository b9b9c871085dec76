//! The endpoints of Services, from EndpointSlices, or from Endpoints where the API server is older than those (before Kubernetes 1.21).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{EndpointAddress, EndpointSubset, Endpoints};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use kube::{Api, Client, ResourceExt};

use crate::api::Mirror;

/// A cluster's endpoints, kept current.
pub(crate) enum Slices {
    Slices(Mirror<EndpointSlice>),
    Endpoints(Mirror<Endpoints>),
}

impl Slices {
    /// Follows what the API server has.
    pub(crate) async fn follow(client: Client) -> Self {
        match client.list_api_group_resources("discovery.k8s.io/v1").await {
            Err(kube::Error::Api(status)) if status.code == 404 => Self::Endpoints(Mirror::start(Api::all(client))),
            // What else is wrong, the watch tells.
            _ => Self::Slices(Mirror::start(Api::all(client))),
        }
    }

    /// Waits until the first list is complete.
    pub(crate) async fn synced(&self) {
        match self {
            Self::Slices(mirror) => mirror.synced().await,
            Self::Endpoints(mirror) => mirror.synced().await,
        }
    }

    /// The slices of a Service.
    pub(crate) fn of(&self, namespace: &str, name: &str) -> Vec<Arc<EndpointSlice>> {
        match self {
            Self::Slices(mirror) => {
                let slices = mirror.snapshot();
                let of_namespace = slices
                    .range((namespace.to_owned(), String::new())..)
                    .take_while(|((at, _), _)| at == namespace);
                let of_service =
                    of_namespace.filter(|(_, slice)| slice.labels().get("kubernetes.io/service-name").is_some_and(|of| of == name));
                of_service.map(|(_, slice)| slice.clone()).collect()
            }
            Self::Endpoints(mirror) => {
                let all = mirror.snapshot();
                let endpoints = all.get(&(namespace.to_owned(), name.to_owned()));
                let subsets = endpoints.and_then(|endpoints| endpoints.subsets.as_ref()).into_iter().flatten();
                subsets.map(|subset| Arc::new(slice(subset))).collect()
            }
        }
    }
}

fn slice(subset: &EndpointSubset) -> EndpointSlice {
    let endpoint = |address: &EndpointAddress, ready: bool| Endpoint {
        addresses: vec![address.ip.clone()],
        conditions: Some(EndpointConditions {
            ready: Some(ready),
            ..EndpointConditions::default()
        }),
        hostname: address.hostname.clone(),
        ..Endpoint::default()
    };
    let ready = subset.addresses.iter().flatten().map(|address| endpoint(address, true));
    let not_ready = subset.not_ready_addresses.iter().flatten().map(|address| endpoint(address, false));
    let ports = subset.ports.iter().flatten().map(|port| EndpointPort {
        name: port.name.clone(),
        port: Some(port.port),
        ..EndpointPort::default()
    });
    EndpointSlice {
        endpoints: Some(ready.chain(not_ready).collect()),
        ports: Some(ports.collect()),
        ..EndpointSlice::default()
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::EndpointSubset;
    use serde_json::json;

    use super::slice;

    #[test]
    fn a_subset_is_a_slice() {
        let subset: EndpointSubset = serde_json::from_value(json!({
            "addresses": [{"ip": "10.244.1.2", "hostname": "db-0"}], "notReadyAddresses": [{"ip": "10.244.1.3"}],
            "ports": [{"name": "grpc", "port": 8089, "protocol": "TCP"}],
        }))
        .unwrap();
        let slice = slice(&subset);
        let endpoints: Vec<_> = slice.endpoints.unwrap();
        let told = endpoints.iter().map(|endpoint| {
            let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready);
            (endpoint.addresses.join(","), endpoint.hostname.clone(), ready)
        });
        let expected = [
            ("10.244.1.2".to_owned(), Some("db-0".to_owned()), Some(true)),
            ("10.244.1.3".to_owned(), None, Some(false)),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        let ports = slice.ports.unwrap();
        assert_eq!((ports[0].name.as_deref(), ports[0].port), (Some("grpc"), Some(8089)));
    }
}
