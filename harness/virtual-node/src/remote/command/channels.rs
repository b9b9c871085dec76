//! The streams of a command between it and its client, however they come.

use bytes::Bytes;

use super::spdy;
use super::status::Ended;
use crate::remote::websocket;

/// A stream of a command. The numbers are those of WebSockets' channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Channel {
    Stdin = 0,
    Stdout = 1,
    Stderr = 2,
}

/// The WebSocket's channel on which the client learns how the command ended.
const ERROR: u8 = 3;

/// What comes from the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incoming {
    Stdin(Bytes),
    /// There is no more input.
    EndOfStdin,
}

/// The way to the client.
pub(super) enum Sender {
    WebSocket(websocket::Sender),
    Spdy(spdy::Sender),
}

/// What comes from the client.
pub(super) enum Receiver {
    WebSocket(websocket::Receiver),
    Spdy(spdy::Receiver),
}

impl Sender {
    /// Sends a piece of output; false if the client is gone.
    pub(super) async fn send(&mut self, channel: Channel, data: Bytes) -> bool {
        match self {
            Self::WebSocket(sender) => sender.send(channel as u8, &data).await,
            Self::Spdy(sender) => sender.send(channel, data).await,
        }
    }

    /// Tells how the command ended, and says good-bye.
    pub(super) async fn close(self, ended: &Ended) {
        match self {
            Self::WebSocket(mut sender) => {
                sender.send(ERROR, ended.status().to_string().as_bytes()).await;
                sender.close().await;
            }
            Self::Spdy(sender) => sender.close(ended).await,
        }
    }
}

impl Receiver {
    /// The next input; `None` once the client is gone. Sizes of terminals are passed over: nothing here depends on them.
    pub(super) async fn next(&mut self) -> Option<Incoming> {
        const STDIN: u8 = Channel::Stdin as u8;
        match self {
            Self::WebSocket(receiver) => loop {
                match receiver.next().await? {
                    websocket::Incoming::Data(STDIN, data) => return Some(Incoming::Stdin(data)),
                    websocket::Incoming::End(STDIN) => return Some(Incoming::EndOfStdin),
                    _ => {}
                }
            },
            Self::Spdy(receiver) => receiver.next().await,
        }
    }
}
