//! A connection: frames both ways for as long as it is polled.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::table::Table;
use crate::{Closed, Decoder, Encoder, Error, Frame, GoAwayStatus, Headers, Reset, Stream};

/// Most streams at a time: more are refused.
pub const MAX_STREAMS: usize = 1024;

/// Frames that wait for the connection before their writers do.
const WAITING: usize = 16;
/// Streams of the peer's that wait for somebody to take them.
const OFFERED: usize = 16;
/// Bytes that are read at once, and that are written at once while more frames wait.
const BUFFER: usize = 64 << 10;
/// How long a peer that was told good-bye has to go.
const GRACE: Duration = Duration::from_secs(10);

/// Carries the frames of a connection.
pub struct Connection<R, W> {
    read: R,
    write: W,
    table: Ending,
    frames: mpsc::Receiver<Frame>,
    offered: mpsc::Sender<Stream>,
}

/// The connection's own hold on its streams: they end with it.
struct Ending(Arc<Table>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The streams of a connection. Dropped without [`Streams::close`], they end it.
pub struct Streams {
    table: Arc<Table>,
    offered: mpsc::Receiver<Stream>,
}

/// The side of a connection that took it. Its peer opens streams with odd numbers.
pub fn server<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(read: R, write: W) -> (Connection<R, W>, Streams) {
    both(read, write, 2)
}

/// The side of a connection that made it.
pub fn client<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(read: R, write: W) -> (Connection<R, W>, Streams) {
    both(read, write, 1)
}

fn both<R, W>(read: R, write: W, next: u32) -> (Connection<R, W>, Streams) {
    let ((sender, frames), (offer, offered)) = (mpsc::channel(WAITING), mpsc::channel(OFFERED));
    let table = Arc::new(Table::new(sender, next));
    let streams = Streams {
        table: table.clone(),
        offered,
    };
    let connection = Connection {
        read,
        write,
        table: Ending(table),
        frames,
        offered: offer,
    };
    (connection, streams)
}

impl Streams {
    /// The next stream that the peer opens, which waits to be accepted or refused; `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<Stream> {
        tokio::select! {
            biased;
            () = self.table.ended.cancelled() => None,
            stream = self.offered.recv() => stream,
        }
    }

    /// Opens a stream, and waits until the peer has accepted it.
    ///
    /// # Errors
    /// The peer refused it, or the connection has ended.
    pub async fn open(&self, headers: Headers) -> Result<Stream, Closed> {
        let (stream, replied) = self.table.open(headers).await?;
        tokio::select! {
            biased;
            replied = replied => replied.map(|()| stream).map_err(|_| Closed),
            () = self.table.ended.cancelled() => Err(Closed),
        }
    }

    /// Says good-bye once all that was written is sent. The connection ends when the peer has gone.
    pub async fn close(&self) {
        self.table.closing.cancel();
        let bye = Frame::GoAway {
            last: self.table.last(),
            status: GoAwayStatus::OK,
        };
        // A connection that has ended needs no good-bye.
        let _ = self.table.frames.send(bye).await;
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Carries frames until one side has said good-bye or is gone. Dropped, it ends the connection.
    ///
    /// # Errors
    /// The connection failed, or the peer sent what is no frame or not its turn; the peer is told of the latter.
    pub async fn run(self) -> Result<(), Error> {
        let Self {
            mut read,
            mut write,
            table: ending,
            mut frames,
            offered,
        } = self;
        let table = &ending.0;
        let result = {
            let mut receive = std::pin::pin!(receive(&mut read, table, offered));
            let mut send = std::pin::pin!(send(&mut write, &mut frames));
            tokio::select! {
                received = &mut receive => {
                    if received.as_ref().is_err_and(Error::is_protocol) {
                        let bye = Frame::GoAway { last: table.last(), status: GoAwayStatus::PROTOCOL_ERROR };
                        let farewell = async { tokio::join!(table.frames.send(bye), &mut send) };
                        // Who does not listen is not told.
                        let _ = tokio::time::timeout(GRACE, farewell).await;
                    }
                    received
                }
                sent = &mut send => match sent {
                    // What the peer still sends is read, and it goes first: closed on, it might lose what was sent to it, and take that for a failure.
                    Ok(()) => tokio::time::timeout(GRACE, receive).await.unwrap_or(Ok(())),
                    Err(error) => Err(error),
                },
                () = table.ended.cancelled() => Ok(()),
            }
        };
        // Who has gone needs no end of the connection.
        let _ = tokio::time::timeout(GRACE, write.shutdown()).await;
        result
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        if !self.table.closing.is_cancelled() {
            self.table.ended.cancel();
        }
    }
}

/// Writes frames until one of them is the good-bye.
async fn send(write: &mut (impl AsyncWrite + Unpin), frames: &mut mpsc::Receiver<Frame>) -> Result<(), Error> {
    let (mut encoder, mut out) = (Encoder::default(), BytesMut::new());
    let mut last = false;
    while let Some(frame) = frames.recv().await {
        let mut next = Some(frame);
        while let Some(frame) = next.take() {
            encoder.encode(&frame, &mut out)?;
            last = matches!(frame, Frame::GoAway { .. });
            if !last && out.len() < BUFFER {
                next = frames.try_recv().ok();
            }
        }
        write.write_all_buf(&mut out).await?;
        write.flush().await?;
        if last {
            break;
        }
    }
    Ok(())
}

/// Reads frames until the peer is gone, or has said good-bye and has no streams left.
async fn receive(read: &mut (impl AsyncRead + Unpin), table: &Arc<Table>, offered: mpsc::Sender<Stream>) -> Result<(), Error> {
    let (mut decoder, mut received) = (Decoder::default(), BytesMut::with_capacity(BUFFER));
    let mut leaving = false;
    loop {
        while let Some(frame) = decoder.decode(&mut received)? {
            leaving |= matches!(frame, Frame::GoAway { .. });
            handle(frame, table, &offered).await?;
        }
        if leaving && table.len() == 0 {
            return Ok(());
        }
        received.reserve(BUFFER);
        if read.read_buf(&mut received).await? == 0 {
            return if decoder.is_between(&received) {
                Ok(())
            } else {
                Err(Error::Truncated)
            };
        }
    }
}

async fn handle(frame: Frame, table: &Arc<Table>, offered: &mpsc::Sender<Stream>) -> Result<(), Error> {
    match frame {
        Frame::SynStream {
            id,
            headers,
            fin,
            unidirectional,
        } => {
            if !table.number(id) {
                return Err(Error::StreamNumber(id));
            }
            let refused = Frame::RstStream {
                id,
                status: Reset::REFUSED,
            };
            if table.len() >= MAX_STREAMS || table.closing.is_cancelled() {
                answer(table, refused).await;
            } else if let Err(left) = offered.send(table.enter(id, headers, fin, unidirectional)).await {
                // Nobody takes streams any more.
                left.0.refuse().await;
            }
        }
        Frame::Data { id, data, fin } => {
            if let Some((reader, ended)) = table.data(id).filter(|_| !data.is_empty()) {
                tokio::select! {
                    biased;
                    // Whoever reads no more does not hold up the others.
                    () = ended.cancelled() => {}
                    () = table.closing.cancelled() => {}
                    _ = reader.send(data) => {}
                }
            }
            if fin {
                table.remote_end(id);
            }
        }
        Frame::SynReply { id, fin, .. } => {
            table.replied(id);
            if fin {
                table.remote_end(id);
            }
        }
        Frame::Headers { id, fin: true, .. } => table.remote_end(id),
        Frame::RstStream { id, .. } => drop(table.remove(id)),
        // Only the peer's own are answered; none are sent from here. A client's are odd, as its streams are.
        Frame::Ping(id) if table.is_peers(id) => answer(table, Frame::Ping(id)).await,
        Frame::Ping(_) | Frame::Headers { .. } | Frame::GoAway { .. } | Frame::Settings(_) | Frame::WindowUpdate { .. } => {}
    }
    Ok(())
}

/// Sends a frame of the connection's own. One that ends meanwhile needs no answers.
async fn answer(table: &Table, frame: Frame) {
    let _ = table.frames.send(frame).await;
}
