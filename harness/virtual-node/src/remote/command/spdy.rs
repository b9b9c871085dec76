//! A command's streams over SPDY. The client opens each of them, and says by a header what it is.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use spdy::{Reader, Stream, Streams, Writer};

use super::Wanted;
use super::channels::{Channel, Incoming};
use super::status::Ended;

/// How long a client may take to open its streams, as at a kubelet.
const PATIENCE: Duration = Duration::from_secs(30);

const TYPE: &str = "streamType";
const ERROR: &str = "error";
const STDIN: &str = "stdin";
const STDOUT: &str = "stdout";
const STDERR: &str = "stderr";
const RESIZE: &str = "resize";

/// The way to the client.
pub(super) struct Sender {
    streams: Streams,
    opened: BTreeMap<String, Writer>,
    /// The client reads a `Status` of how the command ended, from version 4 on; a text before.
    status: bool,
}

/// What comes from the client.
pub(super) struct Receiver {
    stdin: Option<Reader>,
    resize: Option<Reader>,
    /// The client keeps it open for as long as it is there.
    error: Writer,
}

/// Waits for the streams that were asked for; `None` if the client does not open them.
pub(super) async fn channels(mut streams: Streams, wanted: Wanted, protocol: Option<&str>) -> Option<(Sender, Receiver)> {
    let expected = expected(wanted, protocol);
    let mut opened = tokio::time::timeout(PATIENCE, open(&mut streams, &expected)).await.ok()??;
    let mut reader = |name: &str| opened.get_mut(name).and_then(|(reader, _)| reader.take());
    let (stdin, resize) = (reader(STDIN), reader(RESIZE));
    let opened: BTreeMap<String, Writer> = opened.into_iter().map(|(name, (_, writer))| (name, writer)).collect();
    let error = opened.get(ERROR)?.clone();
    let status = protocol == Some("v4.channel.k8s.io");
    Some((Sender { streams, opened, status }, Receiver { stdin, resize, error }))
}

/// The types of a client's streams.
fn expected(wanted: Wanted, protocol: Option<&str>) -> Vec<&'static str> {
    let resized = !matches!(protocol, None | Some("channel.k8s.io" | "v2.channel.k8s.io"));
    let all = [
        (ERROR, true),
        (STDIN, wanted.stdin),
        (STDOUT, wanted.stdout),
        (STDERR, wanted.stderr && !wanted.tty),
        (RESIZE, wanted.tty && resized),
    ];
    all.into_iter().filter_map(|(name, on)| on.then_some(name)).collect()
}

type Opened = BTreeMap<String, (Option<Reader>, Writer)>;

/// Accepts the streams that are expected, refuses others, until all are there.
async fn open(streams: &mut Streams, expected: &[&str]) -> Option<Opened> {
    let mut opened = Opened::new();
    while opened.len() < expected.len() {
        let stream = streams.next().await?;
        let name = stream.headers.get(TYPE).unwrap_or_default().to_owned();
        if !expected.contains(&name.as_str()) || opened.contains_key(&name) {
            stream.refuse().await;
            continue;
        }
        stream.accept().await.ok()?;
        let Stream { reader, writer, .. } = stream;
        opened.insert(name, (Some(reader), writer));
    }
    Some(opened)
}

impl Sender {
    pub(super) async fn send(&mut self, channel: Channel, data: Bytes) -> bool {
        let name = match channel {
            Channel::Stdin => STDIN,
            Channel::Stdout => STDOUT,
            Channel::Stderr => STDERR,
        };
        match self.opened.get(name) {
            Some(writer) => writer.write(data).await.is_ok(),
            None => true,
        }
    }

    pub(super) async fn close(self, ended: &Ended) {
        let told = if self.status { ended.status().to_string() } else { ended.message() };
        if let Some(error) = self.opened.get(ERROR) {
            // Who has gone before has heard enough.
            let _ = error.write(told.into()).await;
        }
        for writer in self.opened.values() {
            writer.finish().await;
        }
        self.streams.close().await;
    }
}

impl Receiver {
    pub(super) async fn next(&mut self) -> Option<Incoming> {
        loop {
            tokio::select! {
                biased;
                () = self.error.closed() => return None,
                piece = next(&mut self.stdin), if self.stdin.is_some() => {
                    if piece.is_none() {
                        self.stdin = None;
                    }
                    return Some(piece.map_or(Incoming::EndOfStdin, Incoming::Stdin));
                }
                piece = next(&mut self.resize), if self.resize.is_some() => {
                    if piece.is_none() {
                        self.resize = None;
                    }
                }
            }
        }
    }
}

async fn next(reader: &mut Option<Reader>) -> Option<Bytes> {
    reader.as_mut()?.next().await
}
