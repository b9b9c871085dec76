//! `endpoint-controller`: the older Endpoints objects of Services with selectors.

use std::collections::BTreeMap;

use crate::value::{Value, json};
use futures::future::BoxFuture;

use super::addresses::{self, Address};
use super::{HEADLESS, is_headless, is_managed, services};
use crate::client::DeleteOptions;
use crate::controllers::fields::{entry, seconds};
use crate::controllers::resources::{ENDPOINTS, SERVICES};
use crate::controllers::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";
const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// Keys are Services.
pub(crate) struct Legacy(pub(crate) Context);

impl Controller for Legacy {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&ENDPOINTS) {
            vec![change.key()]
        } else {
            services(&self.0, change)
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { client, cache, clock, .. } = &self.0;
            let existing = cache.get(&ENDPOINTS, key);
            let Some(service) = cache.get(&SERVICES, key) else {
                if let Some(orphan) = existing.filter(|e| e.label(MANAGED_BY) == Some(MANAGER)) {
                    let options = DeleteOptions::of_uid(orphan.uid());
                    client.delete(&ENDPOINTS, orphan.namespace(), orphan.name(), &options).await?;
                }
                return Ok(None);
            };
            if !is_managed(&service) {
                return Ok(None);
            }
            let metadata = json!({"name": service.name(), "namespace": service.namespace()});
            let before = existing
                .as_ref()
                .map_or(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}), |e| {
                    e.value().clone()
                });
            let mut value = before.clone();
            value["metadata"]["labels"] = labels(&service);
            match subsets(&addresses::of(&self.0, &service)) {
                Some(subsets) => value["subsets"] = subsets,
                None => drop(value.as_object_mut().and_then(|fields| fields.remove("subsets"))),
            }
            if existing.is_some() && value == before {
                return Ok(None);
            }
            entry(&mut value["metadata"], "annotations")[TRIGGER_TIME] = seconds(clock.now()).into();
            match existing {
                Some(_) => client.update(&ENDPOINTS, value).await?,
                None => client.create(&ENDPOINTS, service.namespace(), value).await?,
            };
            Ok(None)
        })
    }
}

fn labels(service: &Object) -> Value {
    let mut labels = service.labels().cloned().unwrap_or_default();
    labels.insert(MANAGED_BY, MANAGER.into());
    if is_headless(service) {
        labels.insert(HEADLESS, "".into());
    }
    Value::Object(labels)
}

/// Addresses grouped by equal ports; pods that stop are left out. None when nothing is left.
fn subsets(addresses: &[Address]) -> Option<Value> {
    let mut groups: BTreeMap<String, (Vec<Value>, Vec<&Address>)> = BTreeMap::new();
    for address in addresses.iter().filter(|address| address.ready || !address.terminating) {
        let group = groups.entry(Value::from(address.ports.clone()).to_string());
        group.or_insert_with(|| (address.ports.clone(), vec![])).1.push(address);
    }
    let subset = |(ports, mut group): (Vec<Value>, Vec<&Address>)| {
        group.sort_by(|a, b| a.ip.cmp(&b.ip));
        let mut subset = json!({});
        for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
            let listed: Vec<Value> = group.iter().filter(|a| a.ready == ready).map(|a| entry_of(a)).collect();
            if !listed.is_empty() {
                subset[field] = listed.into();
            }
        }
        if !ports.is_empty() {
            subset["ports"] = ports.into_iter().map(unnamed).collect();
        }
        subset
    };
    let subsets: Vec<Value> = groups.into_values().map(subset).collect();
    (!subsets.is_empty()).then(|| subsets.into())
}

/// In this API an empty name is left out.
fn unnamed(mut port: Value) -> Value {
    if port["name"] == ""
        && let Some(fields) = port.as_object_mut()
    {
        fields.remove("name");
    }
    port
}

fn entry_of(address: &Address) -> Value {
    let mut entry = json!({"ip": address.ip, "targetRef": address.target});
    for (field, text) in [("nodeName", &address.node), ("hostname", &address.hostname)] {
        if let Some(text) = text {
            entry[field] = text.clone().into();
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_and_not_ready_of_equal_ports_share_a_subset() {
        let address = |ip: &str, ready: bool, terminating: bool, port: i64| Address {
            ip: ip.into(),
            node: None,
            hostname: None,
            target: Value::Null,
            serving: ready,
            terminating,
            ready,
            ports: vec![json!({"name": "", "port": port, "protocol": "TCP"})],
        };
        let all = [
            address("10.0.0.2", true, false, 80),
            address("10.0.0.1", false, false, 80),
            address("10.0.0.3", false, true, 80),
        ];
        let ports = json!([{"port": 80, "protocol": "TCP"}]);
        let expected = json!([{
            "addresses": [{"ip": "10.0.0.2", "targetRef": null}], "notReadyAddresses": [{"ip": "10.0.0.1", "targetRef": null}], "ports": ports,
        }]);
        assert_eq!((subsets(&all), subsets(&[])), (Some(expected), None));
    }
}
