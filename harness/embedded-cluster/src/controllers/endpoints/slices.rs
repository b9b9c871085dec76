//! `endpointslice-controller`: EndpointSlices of Services with selectors.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Value, json};
use futures::future::BoxFuture;

use super::addresses::{self, Address};
use super::{HEADLESS, is_headless, is_managed, services};
use crate::client::DeleteOptions;
use crate::controllers::fields::seconds;
use crate::controllers::pods::controller_reference;
use crate::controllers::resources::{ENDPOINT_SLICES, NODES, SERVICES};
use crate::controllers::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;
use crate::status::Status;

pub(super) const SERVICE_NAME: &str = "kubernetes.io/service-name";
pub(super) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
/// Endpoints in one slice at most.
const FULL: usize = 100;

/// Keys are Services.
pub(crate) struct Slices(pub(crate) Context);

impl Controller for Slices {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&ENDPOINT_SLICES) {
            let ours = change.object.label(MANAGED_BY) == Some(MANAGER);
            let service = change.object.label(SERVICE_NAME).filter(|_| ours);
            return service
                .map(|name| Key::new(change.object.namespace().unwrap_or_default(), name))
                .into_iter()
                .collect();
        }
        services(&self.0, change)
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let service = self.0.cache.get(&SERVICES, key);
            let Some(service) = service.filter(|service| is_managed(service) && service.deletion_timestamp().is_none()) else {
                return Ok(None);
            };
            let owned = self.0.cache.controlled(&ENDPOINT_SLICES, service.uid());
            let existing: Vec<_> = owned.into_iter().filter(|slice| slice.label(MANAGED_BY) == Some(MANAGER)).collect();
            self.write(&service, existing, &addresses::of(&self.0, &service)).await?;
            Ok(None)
        })
    }
}

impl Slices {
    async fn write(&self, service: &Object, existing: Vec<Arc<Object>>, addresses: &[Address]) -> Result<(), Status> {
        let client = &self.0.client;
        let mut existing = existing.into_iter();
        for (ports, endpoints) in self.chunks(addresses) {
            match existing.next() {
                None => {
                    let slice = self.slice(service, ports, endpoints);
                    client.create(&ENDPOINT_SLICES, service.namespace(), slice).await?;
                }
                Some(slice) => {
                    let mut value = slice.value().clone();
                    value["metadata"]["labels"] = labels(service);
                    (value["ports"], value["endpoints"]) = (ports, endpoints);
                    if value != *slice.value() {
                        value["metadata"]["annotations"] = self.trigger_time();
                        client.update(&ENDPOINT_SLICES, value).await?;
                    }
                }
            }
        }
        for surplus in existing {
            let options = DeleteOptions::of_uid(surplus.uid());
            client
                .delete(&ENDPOINT_SLICES, surplus.namespace(), surplus.name(), &options)
                .await?;
        }
        Ok(())
    }

    /// Ports and endpoints of each slice: one at least, pods with other port numbers apart.
    fn chunks(&self, addresses: &[Address]) -> Vec<(Value, Value)> {
        let mut by_ports: BTreeMap<String, Vec<&Address>> = BTreeMap::new();
        for address in addresses {
            by_ports
                .entry(Value::from(address.ports.clone()).to_string())
                .or_default()
                .push(address);
        }
        let endpoints = |group: &[&Address]| Value::from_iter(group.iter().map(|address| self.endpoint(address)));
        let chunk = |group: &[&Address]| (Value::from(group[0].ports.clone()), endpoints(group));
        let chunks: Vec<_> = by_ports.values().flat_map(|group| group.chunks(FULL)).map(chunk).collect();
        if chunks.is_empty() {
            vec![(Value::Null, Value::Null)]
        } else {
            chunks
        }
    }

    fn endpoint(&self, address: &Address) -> Value {
        let conditions = json!({"ready": address.ready, "serving": address.serving, "terminating": address.terminating});
        let mut endpoint = json!({"addresses": [address.ip], "conditions": conditions, "targetRef": address.target});
        if let Some(hostname) = &address.hostname {
            endpoint["hostname"] = hostname.clone().into();
        }
        if let Some(name) = &address.node {
            endpoint["nodeName"] = name.clone().into();
            let node = self.0.cache.get(&NODES, &Key::new("", name));
            if let Some(zone) = node.as_ref().and_then(|node| node.label("topology.kubernetes.io/zone")) {
                endpoint["zone"] = zone.into();
            }
        }
        endpoint
    }

    fn slice(&self, service: &Object, ports: Value, endpoints: Value) -> Value {
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {
                "generateName": format!("{}-", service.name()), "namespace": service.namespace(), "labels": labels(service),
                "annotations": self.trigger_time(), "ownerReferences": [controller_reference(service)],
            },
            "ports": ports, "endpoints": endpoints,
        })
    }

    fn trigger_time(&self) -> Value {
        json!({"endpoints.kubernetes.io/last-change-trigger-time": seconds(self.0.clock.now())})
    }
}

fn labels(service: &Object) -> Value {
    let mut labels = service.labels().cloned().unwrap_or_default();
    labels.insert(SERVICE_NAME, service.name().into());
    labels.insert(MANAGED_BY, MANAGER.into());
    if is_headless(service) {
        labels.insert(HEADLESS, "".into());
    }
    Value::Object(labels)
}
