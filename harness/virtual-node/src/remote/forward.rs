//! `port-forward` over a WebSocket: two channels a port, data and errors, each opened by the port's number.

use simnet::{Host, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;

use super::websocket::{Incoming, Receiver, Sender};

/// Bytes that are read from a connection at once.
const PIECE: usize = 16 << 10;

/// Carries bytes between the client and ports of a pod; each port's connection is opened at once.
pub(crate) async fn forward(host: Host, address: String, ports: Vec<u16>, (mut sender, mut receiver): (Sender, Receiver)) {
    let (out, mut outgoing) = mpsc::channel::<(u8, Vec<u8>)>(16);
    let mut writers: Vec<Option<WriteHalf<Stream>>> = Vec::new();
    let mut readers = tokio::task::JoinSet::new();
    for (at, port) in ports.iter().enumerate() {
        let Ok(data) = u8::try_from(at * 2) else { break };
        for channel in [data, data + 1] {
            if !sender.send(channel, &port.to_le_bytes()).await {
                return;
            }
        }
        match host.connect(&address, *port).await {
            Ok(stream) => {
                let (read, write) = tokio::io::split(stream);
                readers.spawn(pump(read, data, out.clone()));
                writers.push(Some(write));
            }
            Err(error) => {
                let told = format!("error forwarding port {port} to pod, uid : failed to connect to {address}:{port}: {error}");
                sender.send(data + 1, told.as_bytes()).await;
                writers.push(None);
            }
        }
    }
    drop(out);
    loop {
        tokio::select! {
            biased;
            piece = outgoing.recv() => match piece {
                Some((channel, piece)) if sender.send(channel, &piece).await => {}
                _ => break,
            },
            message = receiver.next() => match message {
                Some(Incoming::Data(channel, data)) => {
                    let writer = writers.get_mut(usize::from(channel / 2)).filter(|_| channel % 2 == 0);
                    if let Some(Some(writer)) = writer
                        && writer.write_all(&data).await.is_err()
                    {
                        break;
                    }
                }
                Some(Incoming::End(_)) => {}
                None => break,
            },
        }
    }
    sender.close().await;
}

async fn pump(mut from: ReadHalf<Stream>, channel: u8, to: mpsc::Sender<(u8, Vec<u8>)>) {
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if to.send((channel, piece[..length].to_vec())).await.is_err() {
            return;
        }
    }
}
