//! The client's side of `exec`, `attach` and `portforward` over SPDY, as client-go has it.

use std::io;

use bytes::Bytes;
use futures::{SinkExt, StreamExt, future};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use kube::Client;
use spdy::{Stream, Streams};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};
use tokio_util::task::AbortOnDropHandle;

/// Streams of a pod.
pub(crate) struct Dialled {
    pub(crate) streams: Streams,
    pub(crate) protocol: String,
    _run: AbortOnDropHandle<()>,
}

/// An answer other than 101: its status and text.
pub(crate) type Refused = (u16, String);

/// Asks for streams of the pod `p`.
pub(crate) async fn dial(client: &Client, what: &str, protocols: &[&str]) -> Result<Dialled, Refused> {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(format!("/api/v1/namespaces/default/pods/{what}"))
        .header("connection", "Upgrade")
        .header("upgrade", "SPDY/3.1");
    for protocol in protocols {
        request = request.header("x-stream-protocol-version", *protocol);
    }
    let (response, upgraded) = switched(client, request).await?;
    let (read, write) = tokio::io::split(upgraded);
    let agreed = response.headers().get("x-stream-protocol-version");
    let protocol = agreed.map(|agreed| agreed.to_str().unwrap().to_owned());
    Ok(run(read, write, protocol.unwrap_or_default()))
}

/// Asks for the pod's ports as kubectl does: SPDY within a WebSocket.
pub(crate) async fn tunnel(client: &Client, what: &str) -> Result<Dialled, Refused> {
    let request = Request::builder()
        .uri(format!("/api/v1/namespaces/default/pods/{what}"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "SPDY/3.1+portforward.k8s.io");
    let (response, upgraded) = switched(client, request).await?;
    let (sink, stream) = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await.split();
    let received = stream.filter_map(|message| {
        future::ready(match message {
            Ok(Message::Binary(data)) => Some(Ok(data)),
            Ok(_) => None,
            Err(error) => Some(Err(io::Error::other(error))),
        })
    });
    let sent = sink
        .sink_map_err(io::Error::other)
        .with(|data: Bytes| future::ready(Ok::<_, io::Error>(Message::Binary(data))));
    let protocol = response.headers()["sec-websocket-protocol"].to_str().unwrap().to_owned();
    Ok(run(StreamReader::new(received), SinkWriter::new(CopyToBytes::new(sent)), protocol))
}

type Switched = (Response<kube::client::Body>, TokioIo<hyper::upgrade::Upgraded>);

async fn switched(client: &Client, request: http::request::Builder) -> Result<Switched, Refused> {
    let request = request.body(kube::client::Body::empty()).unwrap();
    let mut response = client.send(request).await.unwrap();
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        return Err((status, String::from_utf8_lossy(&body).into_owned()));
    }
    let upgraded = hyper::upgrade::on(&mut response).await.unwrap();
    Ok((response, TokioIo::new(upgraded)))
}

fn run<R, W>(read: R, write: W, protocol: String) -> Dialled
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (connection, streams) = spdy::client(read, write);
    let run = tokio::spawn(async move { drop(connection.run().await) });
    Dialled {
        streams,
        protocol,
        _run: AbortOnDropHandle::new(run),
    }
}

impl Dialled {
    pub(crate) async fn open(&self, headers: &[(&str, &str)]) -> Result<Stream, spdy::Closed> {
        self.streams
            .open(headers.iter().map(|(name, value)| (*name, *value)).collect())
            .await
    }

    /// The two streams of a forwarded connection: errors and data.
    pub(crate) async fn connect(&self, port: &str, request: &str) -> (Stream, Stream) {
        let half = |kind| async move {
            let headers = [("streamType", kind), ("port", port), ("requestID", request)];
            self.open(&headers).await.unwrap()
        };
        let error = half("error").await;
        error.writer.finish().await;
        (error, half("data").await)
    }
}

/// All that comes on a stream until its end.
pub(crate) async fn all(stream: &mut Stream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(piece) = stream.reader.next().await {
        all.extend_from_slice(&piece);
    }
    all
}
