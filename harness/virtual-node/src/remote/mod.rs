//! What reaches into running pods: `kubectl exec`, `attach`, `cp` and clients' port forwards, as a kubelet serves them.
//!
//! Clients bring their streams in three ways ([`handshake`]): as numbered channels of a WebSocket, as streams of SPDY, or as SPDY within a WebSocket.
//! [`command`] and [`forward`] each have one file that knows what is done, and a file for each way that the bytes come.

mod command;
mod forward;
mod handshake;
mod terminal;
mod tunnel;
mod websocket;

use bytes::Bytes;
use tokio::sync::mpsc;

pub(crate) use command::{Task, Wanted, command};
pub(crate) use forward::{Pod, forward};
pub(crate) use handshake::{Asked, Opened, Purpose, Refused};

/// Does something with the streams of a connection while it is carried.
async fn beside(run: impl Future<Output = Result<(), spdy::Error>>, serve: impl Future<Output = ()>) {
    let (ran, ()) = tokio::join!(run, serve);
    if let Err(error) = ran {
        tracing::debug!(%error, "SPDY");
    }
}

/// Room for input; `None` where the receiver reads no more.
async fn room(to: Option<mpsc::Sender<Bytes>>) -> Option<mpsc::OwnedPermit<Bytes>> {
    to?.reserve_owned().await.ok()
}
