//! The way to the Services of a cluster in another process: HTTP's CONNECT, answered at a port of that cluster's machine.
//!
//! It stands for a load balancer of each Service: whoever reaches the machine reaches the Services, as with node ports, but by name.

use std::io;
use std::net::SocketAddr;

use simnet::Host;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// Longest head of a request or an answer; names are at most 253 bytes.
const HEAD_MAX: usize = 1024;
/// Names that are served: a cluster's Services.
const DOMAIN: &str = ".svc.cluster.local";

/// Asks the tunnel at the other end of `stream` for a Service's port; the stream then leads there.
///
/// # Errors
/// `NotFound` if there is no such Service, `ConnectionRefused` if nothing stands behind it, else what the stream's says.
pub(crate) async fn open(mut stream: TcpStream, service: &str, port: u16) -> io::Result<TcpStream> {
    let target = format!("{service}:{port}");
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let answer = head(&mut stream).await?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(stream),
        Some("404") => Err(io::Error::new(io::ErrorKind::NotFound, format!("lookup {service}: no such host"))),
        Some("502") => Err(io::Error::new(
            io::ErrorKind::ConnectionRefused,
            format!("dial tcp {target}: connect: connection refused"),
        )),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "dial tcp {target}: the tunnel answers {:?}",
                answer.lines().next().unwrap_or_default()
            ),
        )),
    }
}

/// The answering end, until dropped.
pub(crate) struct Tunnel {
    address: SocketAddr,
    _accept: AbortOnDropHandle<()>,
}

/// Where a tunnel leads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the cluster's Services.
    Services,
    /// To whatever the host can reach, and to this computer's own network where the host knows no such name.
    Everywhere,
}

impl Tunnel {
    /// Answers at `bind`, and connects as `host` does.
    pub(super) async fn start(bind: SocketAddr, host: Host) -> io::Result<Self> {
        Self::reaching(bind, host, Reach::Services).await
    }

    /// Answers at `bind` as a proxy for everything that `host` reaches, for a process that is no part of its network.
    pub(crate) async fn everywhere(bind: SocketAddr, host: Host) -> io::Result<Self> {
        Self::reaching(bind, host, Reach::Everywhere).await
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    async fn reaching(bind: SocketAddr, host: Host, reach: Reach) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let accept = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let host = host.clone();
                connections.spawn(async move {
                    if let Err(error) = answer(stream, &host, reach).await {
                        tracing::debug!(%error, "tunnel");
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            _accept: AbortOnDropHandle::new(accept),
        })
    }
}

async fn answer(mut near: TcpStream, host: &Host, reach: Reach) -> io::Result<()> {
    near.set_nodelay(true)?;
    let request = head(&mut near).await?;
    let Some((name, port)) = target(&request, reach) else {
        return near.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    };
    match host.connect(name, port).await {
        Ok(mut far) => {
            near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && reach == Reach::Everywhere => outside(near, name, port).await,
        Err(error) if error.kind() == io::ErrorKind::NotFound => near.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await,
        Err(_) => near.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await,
    }
}

/// A name that the host's network does not know may be one of this computer's.
async fn outside(mut near: TcpStream, name: &str, port: u16) -> io::Result<()> {
    match TcpStream::connect((name, port)).await {
        Ok(mut far) => {
            near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
        }
        Err(_) => near.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await,
    }
}

/// Name and port of a CONNECT request that the tunnel serves.
pub(crate) fn target(request: &str, reach: Reach) -> Option<(&str, u16)> {
    let line = request.lines().next()?.strip_prefix("CONNECT ")?.strip_suffix(" HTTP/1.1")?;
    let (name, port) = line.split_once(':')?;
    (reach == Reach::Everywhere || name.ends_with(DOMAIN)).then_some(())?;
    Some((name, port.parse().ok()?))
}

/// Everything up to the empty line, and not a byte more: what follows belongs to the other protocol.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the tunnel's head is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    String::from_utf8(head).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use rstest::rstest;
    use simnet::{Clock, Network};
    use tokio::net::TcpListener;

    use super::*;

    #[rstest]
    #[case("CONNECT flyteadmin.flyte.svc.cluster.local:81 HTTP/1.1\r\n\r\n", Some(("flyteadmin.flyte.svc.cluster.local", 81)))]
    #[case("CONNECT example.com:81 HTTP/1.1\r\n\r\n", None)]
    #[case("CONNECT a.b.svc.cluster.local HTTP/1.1\r\n\r\n", None)]
    #[case("GET / HTTP/1.1\r\n\r\n", None)]
    fn only_services_are_served(#[case] request: &str, #[case] expected: Option<(&str, u16)>) {
        assert_eq!(target(request, Reach::Services), expected);
    }

    #[tokio::test]
    async fn bytes_go_both_ways_and_refusals_are_told_apart() {
        let network = Network::simulated(Clock::real());
        let mut service = network.host("a", "10.244.1.2").listen(81).await.unwrap();
        network.name("echo.flyte.svc.cluster.local", "a", "10.244.1.2");
        tokio::spawn(async move {
            while let Ok((stream, _)) = service.accept().await {
                let (mut read, mut write) = tokio::io::split(stream);
                tokio::spawn(async move { tokio::io::copy(&mut read, &mut write).await.map(drop) });
            }
        });
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let bind: SocketAddr = free.local_addr().unwrap();
        drop(free);
        let _tunnel = Tunnel::start(bind, network.host("a", "api")).await.unwrap();
        let dial = || TcpStream::connect(bind);
        let mut stream = open(dial().await.unwrap(), "echo.flyte.svc.cluster.local", 81).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"hello");
        let unknown = open(dial().await.unwrap(), "x.flyte.svc.cluster.local", 81).await.unwrap_err();
        assert_eq!(unknown.kind(), io::ErrorKind::NotFound);
        let refused = open(dial().await.unwrap(), "echo.flyte.svc.cluster.local", 82).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
