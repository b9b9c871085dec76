//! Ports of a node's machine that lead to Services.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client};
use simnet::{Host, Listener};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::api::Mirror;

/// Node port -> cluster IP and port of its Service.
type Wanted = BTreeMap<u16, (String, u16)>;

/// The node ports of Services of type NodePort and LoadBalancer, as real sockets: the way in for machines outside of this process.
///
/// Dropped, they are closed, with all their connections.
pub struct NodePorts {
    _follow: AbortOnDropHandle<()>,
}

impl NodePorts {
    /// Follows the cluster's Services. `node` is the machine, which must stand in the cluster's zone; `bind` is the address of its sockets.
    ///
    /// A port whose socket is taken is tried again at the next change of any Service.
    pub fn start(client: Client, node: Host, bind: IpAddr) -> Self {
        let services = Mirror::start(Api::all(client));
        Self {
            _follow: AbortOnDropHandle::new(tokio::spawn(follow(services, node, bind))),
        }
    }
}

async fn follow(services: Mirror<Service>, node: Host, bind: IpAddr) {
    let mut open: BTreeMap<u16, ((String, u16), AbortOnDropHandle<()>)> = BTreeMap::new();
    let mut changes = services.changes();
    loop {
        changes.mark_unchanged();
        let wanted = wanted(services.snapshot().values());
        open.retain(|port, (target, _)| wanted.get(port) == Some(&*target));
        for (port, target) in wanted {
            if open.contains_key(&port) {
                continue;
            }
            match node.publish(port, SocketAddr::new(bind, port)).await {
                Ok(listener) => {
                    let task = tokio::spawn(accept(listener, node.clone(), target.clone()));
                    open.insert(port, (target, AbortOnDropHandle::new(task)));
                }
                Err(error) => tracing::warn!(port, %error, "node port"),
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn wanted<'a>(services: impl Iterator<Item = &'a Arc<Service>>) -> Wanted {
    let mut wanted = Wanted::new();
    for spec in services.filter_map(|service| service.spec.as_ref()) {
        // Services without a virtual address have no node ports; API servers allocate none for them.
        let Some(address) = spec.cluster_ip.as_ref().filter(|address| *address != "None") else {
            continue;
        };
        for port in spec.ports.iter().flatten() {
            let node_port = port.node_port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
            if let (Some(node_port), Ok(port)) = (node_port, u16::try_from(port.port)) {
                wanted.insert(node_port, (address.clone(), port));
            }
        }
    }
    wanted
}

async fn accept(mut listener: Listener, node: Host, (address, port): (String, u16)) {
    let mut connections = JoinSet::new();
    while let Ok((mut near, _)) = listener.accept().await {
        let (node, address) = (node.clone(), address.clone());
        connections.spawn(async move {
            if let Ok(mut far) = node.connect(&address, port).await {
                // Either side may end it; there is nobody to tell.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};

    use super::wanted;

    fn service(cluster_ip: &str, node_port: Option<i32>) -> Arc<Service> {
        let port = ServicePort {
            port: 81,
            node_port,
            ..ServicePort::default()
        };
        Arc::new(Service {
            spec: Some(ServiceSpec {
                cluster_ip: Some(cluster_ip.to_owned()),
                ports: Some(vec![port]),
                ..ServiceSpec::default()
            }),
            ..Service::default()
        })
    }

    #[test]
    fn only_services_with_node_ports_are_opened() {
        let services = [
            service("10.96.0.7", Some(30081)),
            service("10.96.0.8", None),
            service("None", Some(30082)),
        ];
        let wanted = wanted(services.iter());
        assert_eq!(wanted.into_iter().collect::<Vec<_>>(), [(30081, ("10.96.0.7".to_owned(), 81))]);
    }
}
