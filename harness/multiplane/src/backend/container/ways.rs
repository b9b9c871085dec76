//! The way from the harness to machines in containers: names that pods use, through ports that docker publishes on loopback.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::Outside;
use tokio::net::TcpStream;

use crate::backend::names;
use crate::node::{Ports, tunnel};

/// Where each cluster's ports are published.
#[derive(Default)]
pub(super) struct Ways(Mutex<BTreeMap<String, Ports>>);

/// What a name leads to.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// A published port.
    Port(u16),
    /// A Service behind a published tunnel.
    Service(u16, String),
}

impl Ways {
    /// The published ports of the cluster whose API server's machine has this name.
    pub(super) fn add(&self, machine: &str, ports: Ports) {
        let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ways.insert(machine.to_owned(), ports);
    }

    fn find(&self, name: &str, port: u16) -> Option<Way> {
        let ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((service, machine)) = names::split_service(name) {
            return Some(Way::Service(ways.get(machine)?.services, service));
        }
        let inner = Ports::default();
        if let Some(ports) = ways.get(name) {
            return (port == inner.api).then_some(Way::Port(ports.api));
        }
        let ports = ways
            .iter()
            .find(|(machine, _)| name.strip_suffix(machine.as_str()) == Some("flyte."));
        ports.filter(|_| port == inner.ingress).map(|(_, ports)| Way::Port(ports.ingress))
    }
}

impl Outside for Ways {
    fn routes(&self, _: IpAddr) -> bool {
        true
    }

    fn dial<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        async move {
            let local = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port));
            match self.find(name, port) {
                Some(Way::Port(port)) => local(port).await,
                Some(Way::Service(at, service)) => tunnel::open(local(at).await?, &service, port).await,
                None => simnet::dial(name, port).await,
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("dataplane-1.multiplane.test", 6443, Some(Way::Port(1)))]
    #[case("dataplane-1.multiplane.test", 80, None)]
    #[case("flyte.dataplane-1.multiplane.test", 443, Some(Way::Port(2)))]
    #[case("a.b.svc.dataplane-1.multiplane.test", 81, Some(Way::Service(3, "a.b.svc.cluster.local".into())))]
    #[case("a.b.svc.dataplane-2.multiplane.test", 81, None)]
    #[case("127.0.0.1", 1234, None)]
    fn names_lead_to_published_ports(#[case] name: &str, #[case] port: u16, #[case] expected: Option<Way>) {
        let ways = Ways::default();
        let ports = Ports {
            api: 1,
            ingress: 2,
            services: 3,
        };
        ways.add("dataplane-1.multiplane.test", ports);
        assert_eq!(ways.find(name, port), expected);
    }
}
