//! `port-forward`: a client's connections to ports of a pod.

mod client;
mod spdy;
mod websocket;

use simnet::Host;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::handshake::Opened;
use client::Client;

/// Bytes that are read from a connection at once.
const PIECE: usize = 16 << 10;

/// The pod whose ports are meant.
#[derive(Clone)]
pub(crate) struct Pod {
    /// Who connects to it.
    pub(crate) host: Host,
    pub(crate) address: String,
}

/// Carries bytes between a client and ports of a pod. On the channels of a WebSocket it is these ports, each connected at once; over SPDY the client
/// asks for a port whenever it has a connection.
pub(crate) async fn forward(pod: Pod, ports: Vec<u16>, opened: Opened) {
    match opened {
        Opened::Channels(sender, receiver) => websocket::forward(pod, ports, sender, receiver).await,
        Opened::Spdy(over) => super::beside(over.run, spdy::forward(pod, over.streams)).await,
    }
}

/// One connection, from its beginning to its end.
async fn connect(pod: Pod, port: u16, client: Client) {
    let address = &pod.address;
    let stream = match pod.host.connect(address, port).await {
        Ok(stream) => stream,
        Err(error) => {
            let told = format!("error forwarding port {port} to pod, uid : failed to connect to {address}:{port}: {error}");
            return client.fail(told).await;
        }
    };
    let (mut from_pod, mut to_pod) = tokio::io::split(stream);
    let Client { mut from, to } = client;
    let inward = async {
        while let Some(piece) = from.next().await {
            if to_pod.write_all(&piece).await.is_err() {
                return;
            }
        }
        // The pod may still answer. One that is gone has heard enough.
        let _ = to_pod.shutdown().await;
    };
    let outward = async {
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = from_pod.read(&mut piece).await {
            if !to.send(&piece[..length]).await {
                return;
            }
        }
        to.finish().await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(inward, outward) } => {}
        () = to.left() => {}
    }
}
