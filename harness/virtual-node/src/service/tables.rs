//! Which endpoints stand behind a Service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::core::v1::{Service, ServiceSpec};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::{Api, Client, ResourceExt};

use super::slices::Slices;
use crate::api::Mirror;

/// The cluster's DNS domain for Services.
const DOMAIN: &str = ".svc.cluster.local";

/// A cluster's Services and their endpoints, kept current.
pub(crate) struct Tables {
    services: Mirror<Service>,
    slices: Slices,
    api_server: (String, u16),
    /// How many connections each Service port has had: the next one goes to the next endpoint.
    turns: Mutex<BTreeMap<(String, String, u16), usize>>,
}

/// An endpoint's host name, if it has one, and its address and port.
type Target = (Option<String>, (String, u16));

impl Tables {
    pub(crate) async fn follow(client: Client, api_server: (String, u16)) -> Self {
        Self {
            services: Mirror::start(Api::all(client.clone())),
            slices: Slices::follow(client).await,
            api_server,
            turns: Mutex::default(),
        }
    }

    pub(crate) async fn synced(&self) {
        self.services.synced().await;
        self.slices.synced().await;
    }

    /// The Service of this name.
    pub(crate) fn service(&self, namespace: &str, name: &str) -> Option<Arc<Service>> {
        self.services.snapshot().get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Where a name or cluster IP and a port lead; `None` if there is no such Service.
    pub(crate) fn resolve(&self, name: &str, port: u16) -> Option<Vec<(String, u16)>> {
        if let Some(labels) = name.strip_suffix(DOMAIN) {
            let labels: Vec<&str> = labels.split('.').collect();
            return match labels.as_slice() {
                [service, namespace] => self.by_name(namespace, service, None, port),
                [host, service, namespace] => self.by_name(namespace, service, Some(host), port),
                _ => None,
            };
        }
        let services = self.services.snapshot();
        let has_ip = |service: &&Arc<Service>| spec(service).is_some_and(|spec| spec.cluster_ip.as_deref() == Some(name));
        let service = services.values().find(has_ip)?;
        Some(self.through(service, port))
    }

    /// The addresses that DNS has for a name: a Service's own, or its endpoints' if it has none. `None` if there is no such name.
    pub(crate) fn addresses(&self, name: &str) -> Option<Vec<String>> {
        let labels: Vec<&str> = name.strip_suffix(DOMAIN)?.split('.').collect();
        if let [service, namespace] = labels.as_slice()
            && let Some(address) = self
                .service(namespace, service)
                .and_then(|service| spec(&service)?.cluster_ip.clone())
            && !address.is_empty()
            && address != "None"
        {
            return Some(vec![address]);
        }
        let found = self.resolve(name, 0)?;
        Some(found.into_iter().map(|(address, _)| address).collect())
    }

    /// Whether a connection to the Service's port would find an endpoint.
    pub(crate) fn has_endpoints(&self, service: &Service, port: u16) -> bool {
        !self.targets(service, port).is_empty()
    }

    fn by_name(&self, namespace: &str, name: &str, host: Option<&str>, port: u16) -> Option<Vec<(String, u16)>> {
        let service = self.service(namespace, name)?;
        let spec = spec(&service)?;
        if let (Some("ExternalName"), Some(external)) = (spec.type_.as_deref(), &spec.external_name) {
            return Some(vec![(external.clone(), port)]);
        }
        if !is_headless(spec) {
            return host.is_none().then(|| self.through(&service, port));
        }
        // DNS gives a headless Service's endpoints themselves, so the port is the client's affair.
        let endpoints = self.endpoints(&service);
        let wanted = |endpoint: &Endpoint| host.is_none_or(|host| endpoint.hostname.as_deref() == Some(host));
        let found: Vec<_> = endpoints.iter().filter(|endpoint| wanted(endpoint)).filter_map(address).collect();
        let found = found.into_iter().map(|address| (address, port)).collect::<Vec<_>>();
        (!found.is_empty()).then_some(found)
    }

    /// One endpoint of a Service that has a virtual address, each in turn.
    fn through(&self, service: &Service, port: u16) -> Vec<(String, u16)> {
        let key = (service.namespace().unwrap_or_default(), service.name_any(), port);
        if (key.0.as_str(), key.1.as_str()) == ("default", "kubernetes") {
            return vec![self.api_server.clone()];
        }
        let mut targets = self.targets(service, port);
        if targets.is_empty() {
            return Vec::new();
        }
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns.entry(key).or_insert(0);
        let (_, target) = targets.swap_remove(*turn % targets.len());
        *turn += 1;
        vec![target]
    }

    /// The ready endpoints behind a Service's port, sorted.
    fn targets(&self, service: &Service, port: u16) -> Vec<Target> {
        let ports = spec(service).and_then(|spec| spec.ports.as_deref()).unwrap_or_default();
        let Some(service_port) = ports.iter().find(|candidate| u16::try_from(candidate.port) == Ok(port)) else {
            return Vec::new();
        };
        let name = service_port.name.as_deref().unwrap_or_default();
        let mut targets: Vec<Target> = Vec::new();
        for slice in self.slices_of(service) {
            let mut ports = slice.ports.iter().flatten();
            let number = ports
                .find(|port| port.name.as_deref().unwrap_or_default() == name)
                .and_then(|port| port.port);
            let Some(number) = number.and_then(|number| u16::try_from(number).ok()) else {
                continue;
            };
            let ready = slice.endpoints.iter().flatten().filter(|endpoint| is_ready(endpoint));
            targets.extend(ready.filter_map(|endpoint| Some((endpoint.hostname.clone(), (address(endpoint)?, number)))));
        }
        targets.sort();
        targets.dedup();
        targets
    }

    /// The endpoints of a headless Service that DNS publishes.
    fn endpoints(&self, service: &Service) -> Vec<Endpoint> {
        let all = spec(service).and_then(|spec| spec.publish_not_ready_addresses).unwrap_or(false);
        let slices = self.slices_of(service);
        let endpoints = slices.iter().flat_map(|slice| slice.endpoints.iter().flatten());
        endpoints.filter(|endpoint| all || is_ready(endpoint)).cloned().collect()
    }

    fn slices_of(&self, service: &Service) -> Vec<Arc<EndpointSlice>> {
        self.slices.of(&service.namespace().unwrap_or_default(), &service.name_any())
    }
}

fn spec(service: &Service) -> Option<&ServiceSpec> {
    service.spec.as_ref()
}

fn is_headless(spec: &ServiceSpec) -> bool {
    spec.cluster_ip.as_deref() == Some("None")
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
}

fn address(endpoint: &Endpoint) -> Option<String> {
    endpoint.addresses.first().cloned()
}
