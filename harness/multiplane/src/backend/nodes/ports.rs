//! Services reached from outside of their cluster, through node ports.
//!
//! A Service has an address before it exists: its node port is drawn when the address is asked for, and a Service of type `NodePort` with the
//! original's selector is put beside it as soon as it is there. The original stays as its chart made it; the companion goes with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use kube::api::{ObjectMeta, Patch, PatchParams, Resource};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use tokio::sync::watch;

/// Node ports beyond those that are published on the host.
const UNPUBLISHED: std::ops::RangeInclusive<u16> = 31000..=32767;
/// Node ports that configurations publish.
const PUBLISHED: std::ops::RangeInclusive<u16> = 30000..=32767;

/// A Service's port: namespace, name, port.
type Wanted = (String, String, u16);

/// The node ports of one cluster. Clones share them.
#[derive(Clone, Debug)]
pub(in crate::backend) struct Ports(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Node port -> `address:port` of the host.
    published: BTreeMap<u16, String>,
    drawn: Mutex<BTreeMap<Wanted, u16>>,
    changed: watch::Sender<()>,
}

impl Ports {
    /// The ports of a node that docker publishes.
    pub(in crate::backend) fn new(published: Vec<(u16, String)>) -> Self {
        let published = published.into_iter().filter(|(port, _)| PUBLISHED.contains(port)).collect();
        Self(Arc::new(Inner {
            published,
            drawn: Mutex::default(),
            changed: watch::Sender::new(()),
        }))
    }

    /// The node port of a Service's port: always the same, published ones first.
    pub(super) fn of(&self, namespace: &str, name: &str, port: u16) -> u16 {
        let mut drawn = self.drawn();
        let wanted = (namespace.to_owned(), name.to_owned(), port);
        if let Some(port) = drawn.get(&wanted) {
            return *port;
        }
        let mut free = self.0.published.keys().copied().chain(UNPUBLISHED);
        let taken = |port: &u16| drawn.values().any(|other| other == port);
        let node_port = free.find(|port| !taken(port)).unwrap_or(*UNPUBLISHED.end());
        drawn.insert(wanted, node_port);
        drop(drawn);
        self.0.changed.send_replace(());
        node_port
    }

    /// Where the host reaches a node port.
    pub(super) fn published(&self, node_port: u16) -> Option<String> {
        self.0.published.get(&node_port).cloned()
    }

    /// The ports that are asked for of one Service, or of all.
    fn wanted(&self, of: Option<(&str, &str)>) -> Vec<(Wanted, u16)> {
        let drawn = self.drawn();
        let asked = drawn
            .iter()
            .filter(|((namespace, name, _), _)| of.is_none_or(|of| of == (namespace, name)));
        asked.map(|(wanted, port)| (wanted.clone(), *port)).collect()
    }

    fn drawn(&self) -> MutexGuard<'_, BTreeMap<Wanted, u16>> {
        self.0.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts companions beside Services, as they come and as their ports are asked for.
pub(super) async fn expose(client: Client, ports: Ports) {
    let mut changed = ports.0.changed.subscribe();
    let mut services = watcher(Api::<Service>::all(client.clone()), watcher::Config::default())
        .default_backoff()
        .boxed();
    let mut there: BTreeMap<(String, String), Service> = BTreeMap::new();
    loop {
        let wanted = tokio::select! {
            Ok(()) = changed.changed() => ports.wanted(None),
            event = services.next() => match event {
                Some(Ok(Event::Apply(service) | Event::InitApply(service))) => {
                    let key = key(&service);
                    let wanted = ports.wanted(Some((&key.0, &key.1)));
                    there.insert(key, service);
                    wanted
                }
                Some(Ok(Event::Delete(service))) => {
                    there.remove(&key(&service));
                    continue;
                }
                // The watcher mends its own errors.
                Some(_) => continue,
                None => return,
            },
        };
        for ((namespace, name, port), node_port) in wanted {
            let Some(service) = there.get(&(namespace.clone(), name)) else {
                continue;
            };
            let Some(companion) = companion(service, port, node_port) else {
                continue;
            };
            let api: Api<Service> = Api::namespaced(client.clone(), &namespace);
            let own = companion.metadata.name.clone().unwrap_or_default();
            let patched = api
                .patch(&own, &PatchParams::apply("multiplane").force(), &Patch::Apply(&companion))
                .await;
            if let Err(error) = patched {
                tracing::warn!(%error, namespace, service = own, "a Service is not reachable from outside");
            }
        }
    }
}

fn key(service: &Service) -> (String, String) {
    let meta = service.metadata.clone();
    (meta.namespace.unwrap_or_default(), meta.name.unwrap_or_default())
}

/// The companion of a Service for one of its ports; none where the Service has no such port, or nothing that it selects.
fn companion(service: &Service, port: u16, node_port: u16) -> Option<Service> {
    let spec = service.spec.as_ref()?;
    let selector = spec.selector.clone().filter(|selector| !selector.is_empty())?;
    let served = spec.ports.as_ref()?.iter().find(|served| served.port == i32::from(port))?;
    let name = service.metadata.name.as_deref()?;
    let mut own = format!("mp-{node_port}-{name}");
    own.truncate(63);
    Some(Service {
        metadata: ObjectMeta {
            name: Some(own.trim_end_matches('-').to_owned()),
            namespace: service.metadata.namespace.clone(),
            // Deleted with the original.
            owner_references: service.owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        spec: Some(ServiceSpec {
            type_: Some("NodePort".to_owned()),
            selector: Some(selector),
            ports: Some(vec![ServicePort {
                port: served.port,
                protocol: served.protocol.clone(),
                target_port: served.target_port.clone(),
                app_protocol: served.app_protocol.clone(),
                node_port: Some(i32::from(node_port)),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ports_are_drawn_once_and_published_ones_first() {
        let ports = Ports::new(vec![
            (6443, "127.0.0.1:1".into()),
            (30081, "127.0.0.1:2".into()),
            (30080, "127.0.0.1:3".into()),
        ]);
        let drawn = ["a", "b", "a", "c", "d"].map(|name| ports.of("flyte", name, 80));
        assert_eq!(drawn, [30080, 30081, 30080, 31000, 31001]);
        assert_eq!(ports.published(30080).as_deref(), Some("127.0.0.1:3"));
        assert_eq!(ports.published(31000), None);
        assert_eq!(ports.wanted(Some(("flyte", "b"))).len(), 1);
    }

    #[test]
    fn a_companion_leads_to_the_same_pods() {
        let service: Service = serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "flyteadmin", "namespace": "flyte", "uid": "u1"},
            "spec": {"selector": {"app": "flyteadmin"}, "ports": [{"name": "http", "port": 80, "targetPort": 8088}, {"name": "grpc", "port": 81, "targetPort": 8089}]},
        }))
        .unwrap();
        let made = serde_json::to_value(companion(&service, 81, 30080).unwrap()).unwrap();
        assert_eq!(made["metadata"]["name"], "mp-30080-flyteadmin");
        assert_eq!(made["metadata"]["ownerReferences"][0]["uid"], "u1");
        let port = json!({"port": 81, "targetPort": 8089, "nodePort": 30080});
        assert_eq!(
            made["spec"],
            json!({"type": "NodePort", "selector": {"app": "flyteadmin"}, "ports": [port]})
        );
        assert!(companion(&service, 82, 30080).is_none());
    }
}
