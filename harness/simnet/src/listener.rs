//! A port that a host listens on.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::network::{Network, PortKey};
use crate::stream::{Stream, Wire};

/// Who connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddr {
    /// The peer's zone; empty where it is a stranger's socket.
    pub zone: String,
    /// The peer's address in its zone, or its socket address.
    pub address: String,
}

/// A port that a host listens on, free again when dropped.
#[derive(Debug)]
pub struct Listener {
    pub(crate) network: Network,
    pub(crate) key: PortKey,
    pub(crate) source: Source,
}

#[derive(Debug)]
pub(crate) enum Source {
    Memory(mpsc::Receiver<(Stream, PeerAddr)>),
    Tcp(TcpListener),
}

impl Listener {
    /// The next connection.
    ///
    /// # Errors
    /// As the operating system's, for real sockets; a simulated listener does not fail while its network lives.
    pub async fn accept(&mut self) -> io::Result<(Stream, PeerAddr)> {
        match &mut self.source {
            Source::Memory(incoming) => incoming
                .recv()
                .await
                .ok_or_else(|| io::Error::new(io::ErrorKind::BrokenPipe, "the network is gone")),
            Source::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                stream.set_nodelay(true)?;
                Ok((
                    Stream::new(Wire::Tcp(stream), None),
                    PeerAddr {
                        zone: String::new(),
                        address: peer.to_string(),
                    },
                ))
            }
        }
    }

    /// The port as hosts of the network name it.
    pub fn port(&self) -> u16 {
        self.key.port
    }

    /// Where programs outside the network reach this listener: a loopback address, or `None` in a simulated network.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match &self.source {
            Source::Memory(_) => None,
            Source::Tcp(socket) => socket.local_addr().ok(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.network.close(&self.key);
    }
}
