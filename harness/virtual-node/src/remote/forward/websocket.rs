//! Ports over a WebSocket: two channels each, data and errors, both opened by the port's number.

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::client::{Client, From, To};
use super::{Pod, connect};
use crate::remote::room;
use crate::remote::websocket::{Incoming, Receiver, Sender};

/// Pieces that wait, in each direction.
const WAITING: usize = 16;

pub(super) async fn forward(pod: Pod, ports: Vec<u16>, mut sender: Sender, mut receiver: Receiver) {
    let (out, mut outgoing) = mpsc::channel::<(u8, Bytes)>(WAITING);
    let mut inputs: Vec<Option<mpsc::Sender<Bytes>>> = Vec::new();
    let mut connections = JoinSet::new();
    for (at, port) in ports.iter().enumerate() {
        let Ok(data) = u8::try_from(at * 2) else { break };
        for channel in [data, data + 1] {
            if !sender.send(channel, &port.to_le_bytes()).await {
                return;
            }
        }
        let (input, from) = mpsc::channel(WAITING);
        let client = Client {
            from: From::WebSocket(from),
            to: To::WebSocket(out.clone(), data),
        };
        connections.spawn(connect(pod.clone(), *port, client));
        inputs.push(Some(input));
    }
    drop(out);
    // Input that its connection has no room for yet. Nothing more is read from the client until then, but output goes on.
    let mut held: Option<(mpsc::Sender<Bytes>, Bytes)> = None;
    loop {
        let to = held.as_ref().map(|(to, _)| to.clone());
        tokio::select! {
            biased;
            piece = outgoing.recv() => match piece {
                Some((channel, piece)) if sender.send(channel, &piece).await => {}
                _ => break,
            },
            room = room(to), if held.is_some() => {
                // A connection that has ended takes no more.
                if let (Some(room), Some((_, data))) = (room, held.take()) {
                    room.send(data);
                }
            }
            message = receiver.next(), if held.is_none() => match message {
                Some(Incoming::Data(channel, data)) if channel % 2 == 0 => {
                    let to = inputs.get(usize::from(channel / 2)).cloned().flatten();
                    held = to.map(|to| (to, data));
                }
                Some(Incoming::Data(..)) => {}
                Some(Incoming::End(channel)) => {
                    if let Some(input) = inputs.get_mut(usize::from(channel / 2)).filter(|_| channel % 2 == 0) {
                        *input = None;
                    }
                }
                None => break,
            },
        }
    }
    sender.close().await;
}
