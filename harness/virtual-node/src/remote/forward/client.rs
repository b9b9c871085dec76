//! The client's end of one connection, however its bytes come.

use bytes::Bytes;
use spdy::{Reader, Writer};
use tokio::sync::mpsc;

/// The client's end of one connection.
pub(super) struct Client {
    pub(super) from: From,
    pub(super) to: To,
}

/// What comes from the client.
pub(super) enum From {
    WebSocket(mpsc::Receiver<Bytes>),
    Spdy(Reader),
}

/// The way to the client.
pub(super) enum To {
    /// To the task that writes to the socket, with the number of the connection's channel for data; that for errors is the next one.
    WebSocket(mpsc::Sender<(u8, Bytes)>, u8),
    Spdy {
        data: Writer,
        error: Writer,
    },
}

impl Client {
    /// Tells the client why there is no connection.
    pub(super) async fn fail(self, why: String) {
        match self.to {
            To::WebSocket(socket, data) => drop(socket.send((data + 1, why.into())).await),
            To::Spdy { data, error } => {
                // Who has gone before need not know.
                let _ = error.write(why.into()).await;
                error.finish().await;
                data.finish().await;
            }
        }
    }
}

impl From {
    /// The next bytes; `None` once the client sends no more.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::WebSocket(pieces) => pieces.recv().await,
            Self::Spdy(reader) => reader.next().await,
        }
    }
}

impl To {
    /// Sends bytes; false if the client takes no more.
    pub(super) async fn send(&self, bytes: &[u8]) -> bool {
        let bytes = Bytes::copy_from_slice(bytes);
        match self {
            Self::WebSocket(socket, data) => socket.send((*data, bytes)).await.is_ok(),
            Self::Spdy { data, .. } => data.write(bytes).await.is_ok(),
        }
    }

    /// Says that the pod sends no more. A WebSocket's channels cannot say so.
    pub(super) async fn finish(&self) {
        if let Self::Spdy { data, error } = self {
            data.finish().await;
            error.finish().await;
        }
    }

    /// Waits until the client has given up the connection.
    pub(super) async fn left(&self) {
        match self {
            Self::WebSocket(socket, _) => socket.closed().await,
            Self::Spdy { data, .. } => data.closed().await,
        }
    }
}
