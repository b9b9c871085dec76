//! Channels over a WebSocket, as Kubernetes multiplexes streams: the first byte of a message is its channel.

use bytes::{Bytes, BytesMut};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Channel of messages that end another channel, from version 5 on.
const CLOSE: u8 = 255;

pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The channels of a socket.
pub(super) fn channels(socket: Socket) -> (Sender, Receiver) {
    let (sink, stream) = socket.split();
    (Sender(sink), Receiver(stream))
}

/// The way to the client.
pub(crate) struct Sender(SplitSink<Socket, Message>);

/// What comes from the client.
pub(crate) struct Receiver(SplitStream<Socket>);

/// A message of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    Data(u8, Bytes),
    /// Nothing more comes on this channel.
    End(u8),
}

impl Sender {
    /// Sends a piece on a channel; false if the client is gone.
    pub(crate) async fn send(&mut self, channel: u8, data: &[u8]) -> bool {
        let mut message = BytesMut::with_capacity(data.len() + 1);
        message.extend_from_slice(&[channel]);
        message.extend_from_slice(data);
        self.0.send(Message::Binary(message.freeze())).await.is_ok()
    }

    /// Says good-bye: to client-go, any other code than a normal end is an error.
    pub(crate) async fn close(mut self) {
        let normal = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        // A client that has gone before has heard enough.
        let _ = self.0.send(Message::Close(Some(normal))).await;
    }
}

impl Receiver {
    /// The next message; `None` once the client is gone.
    pub(crate) async fn next(&mut self) -> Option<Incoming> {
        loop {
            let data = match self.0.next().await?.ok()? {
                Message::Binary(data) => data,
                Message::Text(text) => Bytes::from(text),
                Message::Close(_) => return None,
                _ => continue,
            };
            match (data.first(), data.get(1)) {
                (Some(&CLOSE), Some(channel)) => return Some(Incoming::End(*channel)),
                (Some(channel), _) => return Some(Incoming::Data(*channel, data.slice(1..))),
                (None, _) => {}
            }
        }
    }
}
