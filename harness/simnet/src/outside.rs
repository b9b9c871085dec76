//! The way out of a network of which this process holds only a part.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::net::TcpStream;

use crate::listener::PeerAddr;
use crate::network::{Network, PortKey};
use crate::stream::Stream;

/// The zone that everything outside counts as, for [`Rules`](crate::Rules), unless an [`Outside`] tells zones apart.
pub const OUTSIDE: &str = "outside";

/// Reaches machines that stand outside of this process, over real sockets.
///
/// Only [`Network::gateway`] has one. Without it a name that no machine of the network has does not resolve.
pub trait Outside: Send + Sync {
    /// Whether an address leads outside. It is asked only for addresses at which no machine of the network listens; false refuses.
    fn routes(&self, address: IpAddr) -> bool;

    /// The zone that a name or address counts as, for [`Rules`](crate::Rules).
    fn zone(&self, name: &str) -> String {
        let _ = name;
        OUTSIDE.to_owned()
    }

    /// Connects to a name or address that no machine of the network has.
    fn dial<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>>;
}

/// All that this machine reaches: the way out of worlds that stand wholly outside.
#[derive(Clone, Copy, Debug)]
pub struct Machine;

impl Outside for Machine {
    fn routes(&self, _: IpAddr) -> bool {
        true
    }

    fn dial<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        dial(name, port).boxed()
    }
}

/// A connection by the machine's own resolver, for implementations of [`Outside`].
///
/// # Errors
/// `NotFound` ("no such host") if the name does not resolve, else what the operating system says of the last address.
pub async fn dial(name: &str, port: u16) -> io::Result<TcpStream> {
    let addresses = tokio::net::lookup_host((name, port)).await;
    let no_such_host = || io::Error::new(io::ErrorKind::NotFound, format!("lookup {name}: no such host"));
    let mut last = no_such_host();
    for address in addresses.map_err(|_| no_such_host())? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = io::Error::new(error.kind(), format!("dial tcp {address}: connect: {}", words(&error))),
        }
    }
    Err(last)
}

/// Go's words for why there is no connection.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::TimedOut => "connection timed out".into(),
        io::ErrorKind::HostUnreachable => "no route to host".into(),
        io::ErrorKind::NetworkUnreachable => "network is unreachable".into(),
        _ => error.to_string(),
    }
}

impl Network {
    /// Whether a machine's own loopback addresses, where nothing of the network listens, are those of this computer.
    pub(crate) fn shares_loopback(&self) -> bool {
        self.outside().is_some_and(|outside| outside.routes(Ipv4Addr::LOCALHOST.into()))
    }

    /// Leaves the network; `None` if it has no way out.
    pub(crate) async fn leave(&self, from: &PeerAddr, name: &str, port: u16) -> Option<io::Result<Stream>> {
        let outside = self.outside()?;
        let to = PortKey {
            zone: outside.zone(name),
            address: name.to_owned(),
            port,
        };
        let connect = async {
            self.reach(&from.zone, &to).await?;
            let stream = outside.dial(name, port).await?;
            self.wrap(stream, &from.zone, &to.zone)
        };
        Some(connect.await)
    }
}
