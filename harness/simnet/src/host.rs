//! A machine on the network.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock::Clock;
use crate::listener::{Listener, PeerAddr};
use crate::network::Network;
use crate::stream::Stream;

/// A machine on the network: a pod, a node, an API server, or the operator's workstation.
#[derive(Clone, Debug)]
pub struct Host {
    network: Network,
    zone: String,
    address: String,
    search: Vec<String>,
    /// Addresses by the names that this machine alone has for them.
    aliases: Arc<BTreeMap<String, String>>,
}

impl Host {
    pub(crate) fn new(network: Network, zone: String, address: String) -> Self {
        Self {
            network,
            zone,
            address,
            search: Vec::new(),
            aliases: Arc::default(),
        }
    }

    /// The same machine with DNS search domains, strongest first; a pod's are
    /// `<namespace>.svc.cluster.local`, `svc.cluster.local`, `cluster.local`.
    #[must_use]
    pub fn with_search(self, search: Vec<String>) -> Self {
        Self { search, ..self }
    }

    /// The same machine with names of its own for addresses, as in `/etc/hosts`; they go before the network's.
    #[must_use]
    pub fn with_aliases(self, aliases: BTreeMap<String, String>) -> Self {
        Self {
            aliases: aliases.into(),
            ..self
        }
    }

    /// The zone that the machine stands in.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The machine's address in its zone.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The world's clock.
    pub fn clock(&self) -> &Clock {
        self.network.clock()
    }

    /// Listens on a port of this machine; 0 picks a free one.
    ///
    /// # Errors
    /// `AddrInUse` if the port is taken; on loopback also what the operating system says.
    pub async fn listen(&self, port: u16) -> io::Result<Listener> {
        self.network.listen(&self.zone, &self.address, port).await
    }

    /// Listens on a port of this machine that programs outside reach at a real socket, `bind`.
    ///
    /// # Errors
    /// `Unsupported` in a simulated network, which has no sockets; `AddrInUse` if the port or the socket's is taken.
    pub async fn publish(&self, port: u16, bind: SocketAddr) -> io::Result<Listener> {
        self.network.publish(&self.zone, &self.address, port, bind).await
    }

    /// The full name, and the addresses, that the network's DNS has for a name as seen from this machine. Names of an outside are asked of
    /// nobody: they are known only when somebody connects.
    ///
    /// # Errors
    /// `NotFound` ("no such host") if the name does not resolve.
    pub fn addresses(&self, name: &str) -> io::Result<(String, Vec<String>)> {
        if name == "localhost" {
            return Ok((name.to_owned(), vec!["127.0.0.1".to_owned()]));
        }
        self.network.addresses(&self.zone, &self.search, name)
    }

    /// Connects to a name or address as seen from this machine.
    ///
    /// # Errors
    /// `NotFound` ("no such host") if the name does not resolve, `ConnectionRefused` if nothing listens or stands behind it, `TimedOut`
    /// where a rule drops the traffic.
    pub async fn connect(&self, name: &str, port: u16) -> io::Result<Stream> {
        let name = self.aliases.get(name).map_or(name, String::as_str);
        let asked = name;
        if self.network.is_machine() {
            // The operating system's resolver knows the search domains, too.
            let unknown = || io::Error::new(io::ErrorKind::NotFound, format!("lookup {name}: no such host"));
            let from = PeerAddr {
                zone: self.zone.clone(),
                address: self.address.clone(),
            };
            return self.network.leave(&from, name, port).await.unwrap_or_else(|| Err(unknown()));
        }
        let here = name == "localhost" || name == "127.0.0.1";
        let name = if here { &self.address } else { name };
        let from = || PeerAddr {
            zone: self.zone.clone(),
            address: self.address.clone(),
        };
        let targets = match self.network.lookup(&self.zone, &self.search, name, port) {
            Ok(targets) => targets,
            Err(unknown) if here && !self.network.shares_loopback() => return Err(unknown),
            Err(unknown) => {
                let name = asked.strip_suffix('.').unwrap_or(asked);
                return self.network.leave(&from(), name, port).await.unwrap_or(Err(unknown));
            }
        };
        let mut last = io::Error::new(
            io::ErrorKind::ConnectionRefused,
            format!("dial tcp {name}:{port}: connect: connection refused"),
        );
        for target in &targets {
            match self.network.connect(from(), target).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
