//! Ports over SPDY: for each connection the client opens a stream for errors and one for data, which name the same request.

use std::collections::BTreeMap;
use std::time::Duration;

use spdy::{Stream, Streams};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::client::{Client, From, To};
use super::{Pod, connect};

/// How long a stream waits for its other half, as at a kubelet.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which half of a request a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Error,
    Data,
}

/// A stream that waits for the other half of its request.
struct Waiting {
    stream: Stream,
    half: Half,
    port: u16,
    until: Instant,
}

pub(super) async fn forward(pod: Pod, mut streams: Streams) {
    let (mut waiting, mut connections) = (BTreeMap::<String, Waiting>::new(), JoinSet::new());
    loop {
        let first = waiting.values().map(|waiting| waiting.until).min();
        tokio::select! {
            biased;
            stream = streams.next() => {
                let Some(stream) = stream else { break };
                if let Some((port, client)) = pair(stream, &mut waiting).await {
                    connections.spawn(connect(pod.clone(), port, client));
                }
            }
            Some(_) = connections.join_next() => {}
            () = sleep_until(first.unwrap_or_else(Instant::now)), if first.is_some() => late(&mut waiting).await,
        }
    }
}

/// Accepts a stream, and takes its request if that is whole with it.
async fn pair(stream: Stream, waiting: &mut BTreeMap<String, Waiting>) -> Option<(u16, Client)> {
    let Some((request, half, port)) = asked(&stream) else {
        stream.refuse().await;
        return None;
    };
    if waiting.get(&request).is_some_and(|other| other.half == half || other.port != port) {
        stream.refuse().await;
        return None;
    }
    stream.accept().await.ok()?;
    let Some(other) = waiting.remove(&request) else {
        let until = Instant::now() + PATIENCE;
        waiting.insert(request, Waiting { stream, half, port, until });
        return None;
    };
    let (error, data) = match half {
        Half::Data => (other.stream, stream),
        Half::Error => (stream, other.stream),
    };
    let client = Client {
        from: From::Spdy(data.reader),
        to: To::Spdy {
            data: data.writer,
            error: error.writer,
        },
    };
    Some((port, client))
}

/// The request, the half of it and the port that a stream names.
fn asked(stream: &Stream) -> Option<(String, Half, u16)> {
    let half = match stream.headers.get("streamType")? {
        "error" => Half::Error,
        "data" => Half::Data,
        _ => return None,
    };
    let port = stream.headers.get("port")?.parse().ok().filter(|port| *port > 0)?;
    Some((stream.headers.get("requestID")?.to_owned(), half, port))
}

/// Gives up requests that did not become whole in time.
async fn late(waiting: &mut BTreeMap<String, Waiting>) {
    let now = Instant::now();
    let late: Vec<String> = waiting
        .iter()
        .filter(|(_, waiting)| waiting.until <= now)
        .map(|(request, _)| request.clone())
        .collect();
    for request in late {
        let Some(Waiting { stream, half, .. }) = waiting.remove(&request) else {
            continue;
        };
        match half {
            Half::Error => {
                let told = format!("(request={request}) timed out waiting for streams");
                // Who has gone need not know.
                let _ = stream.writer.write(told.into()).await;
                stream.writer.finish().await;
            }
            Half::Data => stream.writer.reset().await,
        }
    }
}
