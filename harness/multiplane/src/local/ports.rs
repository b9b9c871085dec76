//! The ways between a local process and its cluster's network.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use simnet::Host;
use tokio::net::TcpStream;
use virtual_node::Tasks;

/// How often it is tried whether the process listens: another process's socket gives no sign.
const LOOK: Duration = Duration::from_millis(100);

/// A port of this computer.
fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The first of these ports that somebody listens on already.
pub(super) async fn taken(ports: &[u16]) -> Option<u16> {
    for port in ports {
        if TcpStream::connect(local(*port)).await.is_ok() {
            return Some(*port);
        }
    }
    None
}

/// Lets the cluster reach a port of the process at the pod's address, as soon as it listens.
pub(super) fn publish(host: &Host, port: u16, tasks: &Tasks) {
    let (host, inner) = (host.clone(), tasks.clone());
    tasks.spawn(async move {
        while TcpStream::connect(local(port)).await.is_err() {
            tokio::time::sleep(LOOK).await;
        }
        if let Err(error) = serve(&host, port, &inner).await {
            tracing::warn!(%error, port, "a local process's port");
        }
    });
}

async fn serve(host: &Host, port: u16, tasks: &Tasks) -> io::Result<()> {
    let mut listener = host.listen(port).await?;
    loop {
        let (mut far, _) = listener.accept().await?;
        tasks.spawn(async move {
            let mut near = TcpStream::connect(local(port)).await?;
            near.set_nodelay(true)?;
            tokio::io::copy_bidirectional(&mut near, &mut far).await
        });
    }
}
