//! A WebSocket as a plain connection: its binary messages are bytes, whose bounds mean nothing.

use std::io;

use bytes::Bytes;
use futures::{SinkExt, StreamExt, future};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use super::websocket::Socket;

/// Both directions of the connection. To shut the second one down is to say good-bye.
pub(super) fn bytes(socket: Socket) -> (impl AsyncRead + Send + Unpin, impl AsyncWrite + Send + Unpin) {
    let (sink, stream) = socket.split();
    let messages = stream.take_while(|message| future::ready(!matches!(message, Ok(Message::Close(_)))));
    let received = messages.filter_map(|message| {
        future::ready(match message {
            Ok(Message::Binary(data)) => Some(Ok(data)),
            Ok(Message::Text(_)) => Some(Err(io::Error::new(io::ErrorKind::InvalidData, "a text message in a tunnel"))),
            Ok(_) => None,
            Err(error) => Some(Err(io::Error::other(error))),
        })
    });
    let sent = sink
        .sink_map_err(io::Error::other)
        .with(|data: Bytes| future::ready(Ok::<_, io::Error>(Message::Binary(data))));
    (StreamReader::new(received), SinkWriter::new(CopyToBytes::new(sent)))
}
