//! Channels over a WebSocket, as Kubernetes multiplexes streams: the first byte of a message is its channel.

use bytes::{Bytes, BytesMut};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, Request, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

/// Channel of messages that end another channel, from version 5 on.
const CLOSE: u8 = 255;

/// Versions of the protocol, the newest first.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// A client that asked for a WebSocket.
pub(crate) struct Asked {
    /// What the answer 101 says.
    pub(crate) headers: HeaderMap,
    upgrade: OnUpgrade,
}

/// Why there will be no WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("Upgrade request required")]
    NoUpgrade,
    #[error("unable to upgrade: {0} is not supported here, only WebSockets with the protocols {protocols}", protocols = PROTOCOLS.join(", "))]
    Protocol(String),
}

impl Asked {
    /// Reads the request's handshake.
    pub(crate) fn new<B>(mut request: Request<B>) -> Result<Self, Refused> {
        let upgrade = hyper::upgrade::on(&mut request);
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let wanted = text(header::UPGRADE).ok_or(Refused::NoUpgrade)?;
        if !wanted.eq_ignore_ascii_case("websocket") {
            return Err(Refused::Protocol(wanted.to_owned()));
        }
        let key = text(header::SEC_WEBSOCKET_KEY).ok_or(Refused::NoUpgrade)?;
        let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let offered: Vec<&str> = offered
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|all| all.split(','))
            .map(str::trim)
            .collect();
        let protocol = PROTOCOLS.into_iter().find(|known| offered.contains(known));
        let protocol = protocol.ok_or_else(|| Refused::Protocol(offered.join(", ")))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        Ok(Self { headers, upgrade })
    }

    /// The channels, once the answer is sent.
    pub(crate) async fn channels(self) -> Result<(Sender, Receiver), hyper::Error> {
        let stream = TokioIo::new(self.upgrade.await?);
        let (sink, stream) = WebSocketStream::from_raw_socket(stream, Role::Server, None).await.split();
        Ok((Sender(sink), Receiver(stream)))
    }
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

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

#[cfg(test)]
mod tests {
    use http::Request;

    use super::{Asked, Refused};

    #[test]
    fn the_newest_known_protocol_is_taken() {
        for (upgrade, offered, expected) in [
            ("websocket", "v5.channel.k8s.io, v4.channel.k8s.io", Ok("v5.channel.k8s.io")),
            ("WebSocket", "v4.channel.k8s.io", Ok("v4.channel.k8s.io")),
            (
                "websocket",
                "SPDY/3.1+portforward.k8s.io",
                Err(Refused::Protocol("SPDY/3.1+portforward.k8s.io".to_owned())),
            ),
            ("SPDY/3.1", "", Err(Refused::Protocol("SPDY/3.1".to_owned()))),
        ] {
            let request = Request::get("/")
                .header("upgrade", upgrade)
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
                .header("sec-websocket-protocol", offered)
                .body(())
                .unwrap();
            let asked = Asked::new(request).map(|asked| {
                // RFC 6455, section 1.3.
                assert_eq!(asked.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
                asked.headers["sec-websocket-protocol"].to_str().unwrap().to_owned()
            });
            assert_eq!(asked, expected.map(str::to_owned));
        }
        assert_eq!(Asked::new(Request::get("/").body(()).unwrap()).err(), Some(Refused::NoUpgrade));
    }
}
