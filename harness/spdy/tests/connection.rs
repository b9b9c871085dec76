//! Both sides of a connection, over a pipe in memory.

#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::{Bytes, BytesMut};
use spdy::{Closed, Decoder, Encoder, Error, Frame, GoAwayStatus, Headers, Reset, Stream, Streams};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

type Running = JoinHandle<Result<(), Error>>;

fn pair() -> ((Streams, Running), (Streams, Running)) {
    let (near, far) = tokio::io::duplex(4096);
    let ((read, write), (far_read, far_write)) = (tokio::io::split(near), tokio::io::split(far));
    let (client, opened) = spdy::client(read, write);
    let (server, offered) = spdy::server(far_read, far_write);
    ((opened, tokio::spawn(client.run())), (offered, tokio::spawn(server.run())))
}

fn named(name: &str) -> Headers {
    [("streamType", name)].into_iter().collect()
}

async fn all(stream: &mut Stream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(piece) = stream.reader.next().await {
        all.extend_from_slice(&piece);
    }
    all
}

/// Sends back whatever comes on each stream; refuses those that are named so.
async fn echo(mut streams: Streams) {
    while let Some(mut stream) = streams.next().await {
        if stream.headers.get("streamtype") == Some("refused") {
            stream.refuse().await;
            continue;
        }
        stream.accept().await.unwrap();
        tokio::spawn(async move {
            while let Some(piece) = stream.reader.next().await {
                if stream.writer.write(piece).await.is_err() {
                    return;
                }
            }
            stream.writer.finish().await;
        });
    }
}

#[tokio::test(start_paused = true)]
async fn streams_carry_bytes_side_by_side() {
    let ((client, ran), (server, served)) = pair();
    tokio::spawn(echo(server));
    let mut sums = tokio::task::JoinSet::new();
    for at in 0..20_u8 {
        let stream = client.open(named("data")).await.unwrap();
        sums.spawn(async move {
            let Stream { mut reader, writer, .. } = stream;
            let sent = Bytes::from(vec![at; 300_000]);
            let write = async {
                writer.write(sent.clone()).await.unwrap();
                writer.finish().await;
            };
            let read = async {
                let mut back = Vec::new();
                while let Some(piece) = reader.next().await {
                    back.extend_from_slice(&piece);
                }
                back
            };
            let ((), back) = tokio::join!(write, read);
            back == sent
        });
    }
    while let Some(same) = sums.join_next().await {
        assert!(same.unwrap());
    }
    client.close().await;
    ran.await.unwrap().unwrap();
    served.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn refused_reset_and_finished_streams_are_closed() {
    let ((client, _ran), (mut server, _served)) = pair();
    let refusing = async { server.next().await.unwrap().refuse().await };
    let (refused, ()) = tokio::join!(client.open(named("x")), refusing);
    assert_eq!(refused.err(), Some(Closed));

    let accept = async {
        let stream = server.next().await.unwrap();
        stream.accept().await.unwrap();
        stream
    };
    let (near, mut far) = tokio::join!(client.open(named("x")), accept);
    let near = near.unwrap();
    near.writer.write(Bytes::from_static(b"before")).await.unwrap();
    near.writer.reset().await;
    assert_eq!(all(&mut far).await, b"before");
    far.writer.closed().await;
    assert_eq!(far.writer.write(Bytes::from_static(b"late")).await, Err(Closed));

    let accept = async {
        let stream = server.next().await.unwrap();
        stream.accept().await.unwrap();
        stream.writer.write(Bytes::from_static(b"last")).await.unwrap();
        stream.writer.finish().await;
        assert_eq!(stream.writer.write(Bytes::from_static(b"late")).await, Err(Closed));
        stream
    };
    let (near, _far) = tokio::join!(client.open(named("x")), accept);
    assert_eq!(all(&mut near.unwrap()).await, b"last");
}

#[tokio::test(start_paused = true)]
async fn a_side_that_vanishes_ends_all() {
    let ((client, ran), (server, served)) = pair();
    tokio::spawn(echo(server));
    let mut stream = client.open(named("x")).await.unwrap();
    served.abort();
    assert_eq!(all(&mut stream).await, b"");
    stream.writer.closed().await;
    assert_eq!(stream.writer.write(Bytes::from_static(b"late")).await, Err(Closed));
    assert_eq!(client.open(named("y")).await.err(), Some(Closed));
    ran.await.unwrap().unwrap();
}

/// Neither side keeps the other waiting for streams that nobody takes, or for a connection that nobody carries.
#[tokio::test(start_paused = true)]
async fn what_is_dropped_ends_the_other() {
    let ((client, ran), (server, served)) = pair();
    drop(server);
    served.await.unwrap().unwrap();
    ran.await.unwrap().unwrap();
    assert_eq!(client.open(named("x")).await.err(), Some(Closed));
    let (near, _far) = tokio::io::duplex(64);
    let (read, write) = tokio::io::split(near);
    let (connection, mut streams) = spdy::server(read, write);
    drop(connection);
    assert!(streams.next().await.is_none());
}

/// A peer that writes frames of its own.
struct Peer(DuplexStream, Decoder, BytesMut);

impl Peer {
    fn of_server() -> (Self, Streams, Running) {
        let (near, far) = tokio::io::duplex(1 << 20);
        let (read, write) = tokio::io::split(far);
        let (server, offered) = spdy::server(read, write);
        (Self(near, Decoder::default(), BytesMut::new()), offered, tokio::spawn(server.run()))
    }

    async fn send(&mut self, frames: &[Frame]) {
        let (mut encoder, mut out) = (Encoder::default(), BytesMut::new());
        frames.iter().for_each(|frame| encoder.encode(frame, &mut out).unwrap());
        self.0.write_all(&out).await.unwrap();
    }

    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.1.decode(&mut self.2).unwrap() {
                return Some(frame);
            }
            if self.0.read_buf(&mut self.2).await.unwrap() == 0 {
                return None;
            }
        }
    }
}

fn opens(id: u32) -> Frame {
    Frame::SynStream {
        id,
        headers: named("x"),
        fin: false,
        unidirectional: false,
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_and_what_changes_nothing_changes_nothing() {
    let (mut peer, _offered, _running) = Peer::of_server();
    let nothing = [
        Frame::Settings(vec![(7, 1)]),
        Frame::WindowUpdate { id: 1, delta: 1 },
        Frame::Ping(2),
    ];
    peer.send(&nothing).await;
    peer.send(&[Frame::Ping(5)]).await;
    assert_eq!(peer.next().await, Some(Frame::Ping(5)));
    // Of streams that nobody knows (any more).
    let gone = [
        Frame::RstStream {
            id: 9,
            status: Reset::CANCEL,
        },
        Frame::Data {
            id: 9,
            data: Bytes::from_static(b"x"),
            fin: true,
        },
        Frame::Ping(7),
    ];
    peer.send(&gone).await;
    assert_eq!(peer.next().await, Some(Frame::Ping(7)));
}

#[tokio::test(start_paused = true)]
async fn who_breaks_the_protocol_is_told() {
    for (frames, error) in [
        (
            vec![opens(3), opens(1)],
            "a new stream with the number 1, which is not its opener's next",
        ),
        (vec![opens(2)], "a new stream with the number 2, which is not its opener's next"),
        (
            vec![opens(1), opens(1)],
            "a new stream with the number 1, which is not its opener's next",
        ),
    ] {
        let (mut peer, _offered, running) = Peer::of_server();
        peer.send(&frames).await;
        let told = peer.next().await.unwrap();
        assert!(
            matches!(
                told,
                Frame::GoAway {
                    status: GoAwayStatus::PROTOCOL_ERROR,
                    ..
                }
            ),
            "{told:?}"
        );
        assert_eq!(peer.next().await, None);
        assert_eq!(running.await.unwrap().unwrap_err().to_string(), error);
    }
    let (mut peer, _offered, running) = Peer::of_server();
    peer.0.write_all(&[0, 0, 0, 1, 0, 0, 0, 9, 1]).await.unwrap();
    drop(peer);
    assert!(matches!(running.await.unwrap(), Err(Error::Truncated)));
}

#[tokio::test(start_paused = true)]
async fn streams_above_the_most_are_refused() {
    let (mut peer, mut offered, _running) = Peer::of_server();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Some(stream) = offered.next().await {
            kept.push(stream);
        }
    });
    let most = u32::try_from(spdy::MAX_STREAMS).unwrap();
    let frames: Vec<Frame> = (0..=most).map(|at| opens(2 * at + 1)).collect();
    peer.send(&frames).await;
    let refused = Frame::RstStream {
        id: 2 * most + 1,
        status: Reset::REFUSED,
    };
    assert_eq!(peer.next().await, Some(refused));
}

/// A stream that nobody reads holds up what comes after, not more.
#[tokio::test(start_paused = true)]
async fn what_waits_is_bounded() {
    let (mut peer, mut offered, _running) = Peer::of_server();
    peer.send(&[opens(1)]).await;
    let mut stream = offered.next().await.unwrap();
    let data = Frame::Data {
        id: 1,
        data: Bytes::from(vec![1; 8 << 20]),
        fin: true,
    };
    let mut out = BytesMut::new();
    Encoder::default().encode(&data, &mut out).unwrap();
    // The pipe has room for one MiB, and the connection for less than another.
    let waits = tokio::time::timeout(std::time::Duration::from_secs(60), peer.0.write_all(&out)).await;
    assert!(waits.is_err());
    let mut read = 0;
    while let Ok(Some(piece)) = tokio::time::timeout(std::time::Duration::from_secs(60), stream.reader.next()).await {
        read += piece.len();
    }
    assert!((1 << 20..2 << 20).contains(&read), "{read}");
}
