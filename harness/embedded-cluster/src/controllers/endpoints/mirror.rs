//! `endpointslicemirroring-controller`: EndpointSlices for Endpoints that people keep by hand, of
//! Services without selector.

use std::net::IpAddr;

use crate::value::{Value, json};
use futures::future::BoxFuture;

use super::slices::{MANAGED_BY, SERVICE_NAME};
use crate::client::DeleteOptions;
use crate::controllers::fields::Fields;
use crate::controllers::pods::controller_reference;
use crate::controllers::resources::{ENDPOINT_SLICES, ENDPOINTS, SERVICES};
use crate::controllers::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;

const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";

/// Keys are Endpoints, which have the names of their Services.
pub(crate) struct Mirror(pub(crate) Context);

impl Controller for Mirror {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&SERVICES) || change.is(&ENDPOINTS) {
            return vec![change.key()];
        }
        let ours = change.is(&ENDPOINT_SLICES) && change.object.label(MANAGED_BY) == Some(MANAGER);
        let service = change.object.label(SERVICE_NAME).filter(|_| ours);
        service
            .map(|name| Key::new(change.object.namespace().unwrap_or_default(), name))
            .into_iter()
            .collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { cache, client, .. } = &self.0;
            let Some(endpoints) = cache.get(&ENDPOINTS, key) else {
                return Ok(None);
            };
            let by_hand = |service: &Object| service.map_at("/spec/selector").is_none_or(crate::value::Map::is_empty);
            let mirrored = cache.get(&SERVICES, key).is_some_and(|service| by_hand(&service)) && endpoints.label(SKIP) != Some("true");
            let wanted = if mirrored { slices(&endpoints) } else { vec![] };
            let mut existing = cache.controlled(&ENDPOINT_SLICES, endpoints.uid()).into_iter();
            for slice in wanted {
                match existing.next() {
                    None => drop(client.create(&ENDPOINT_SLICES, endpoints.namespace(), slice).await?),
                    Some(known) => {
                        let mut value = known.value().clone();
                        for field in ["addressType", "endpoints", "ports"] {
                            value[field] = slice[field].clone();
                        }
                        value["metadata"]["labels"] = slice["metadata"]["labels"].clone();
                        if value != *known.value() {
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
            Ok(None)
        })
    }
}

/// One slice for each subset and kind of address.
fn slices(endpoints: &Object) -> Vec<Value> {
    let mut labels = endpoints.labels().cloned().unwrap_or_default();
    labels.insert(SERVICE_NAME, endpoints.name().into());
    labels.insert(MANAGED_BY, MANAGER.into());
    let mut slices = Vec::new();
    for subset in endpoints.list_at("/subsets") {
        for (kind, v4) in [("IPv4", true), ("IPv6", false)] {
            let found = addresses(subset, v4);
            if !found.is_empty() {
                let named = |port: &Value| {
                    let mut port = port.clone();
                    port["name"] = port["name"].as_str().unwrap_or_default().into();
                    port
                };
                let ports: Vec<Value> = subset.list_at("/ports").iter().map(named).collect();
                slices.push(json!({
                    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": kind,
                    "metadata": {
                        "generateName": format!("{}-", endpoints.name()), "namespace": endpoints.namespace(), "labels": labels,
                        "ownerReferences": [controller_reference(endpoints)],
                    },
                    "endpoints": found, "ports": ports,
                }));
            }
        }
    }
    slices
}

fn addresses(subset: &Value, v4: bool) -> Vec<Value> {
    let fits = |address: &&Value| address.str_at("/ip").parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4() == v4);
    let lists = [("/addresses", true), ("/notReadyAddresses", false)];
    let all = lists
        .into_iter()
        .flat_map(|(list, ready)| subset.list_at(list).iter().filter(fits).map(move |a| (a, ready)));
    all.map(|(address, ready)| endpoint(address, ready)).collect()
}

fn endpoint(address: &Value, ready: bool) -> Value {
    let mut endpoint = json!({"addresses": [address["ip"]], "conditions": {"ready": ready}});
    for field in ["hostname", "nodeName", "targetRef"] {
        if !address[field].is_null() {
            endpoint[field] = address[field].clone();
        }
    }
    endpoint
}
