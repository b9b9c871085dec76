//! One stream.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::table::Table;
use crate::{Closed, Frame, Headers, Reset, StreamId};

/// Most bytes of a DATA frame that is written here, so that streams take turns.
const MAX_DATA: usize = 32 << 10;

/// A stream of a connection. Its two halves may go separate ways.
pub struct Stream {
    /// What the opener said that it is for.
    pub headers: Headers,
    /// What comes from the peer.
    pub reader: Reader,
    /// The way to the peer.
    pub writer: Writer,
}

impl Stream {
    /// Accepts a stream of the peer's, which waits for that.
    ///
    /// # Errors
    /// The connection has ended.
    pub async fn accept(&self) -> Result<(), Closed> {
        let reply = Frame::SynReply {
            id: self.writer.id,
            headers: Headers::default(),
            fin: false,
        };
        self.writer.send(reply).await
    }

    /// Refuses a stream of the peer's.
    pub async fn refuse(self) {
        self.writer.end(Reset::REFUSED).await;
    }
}

/// What comes from the peer on a stream. Dropped, it takes no more: the rest is passed over.
pub struct Reader(pub(crate) mpsc::Receiver<Bytes>);

impl Reader {
    /// The next piece; `None` at the end of the stream, also where it was reset or the connection ended.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.0.recv().await
    }
}

/// The way to the peer on a stream. Dropped, it leaves the stream open: the peer is told by [`Writer::finish`] or [`Writer::reset`].
#[derive(Clone)]
pub struct Writer {
    pub(crate) id: StreamId,
    pub(crate) ended: CancellationToken,
    pub(crate) table: Arc<Table>,
}

impl Writer {
    /// Sends bytes; waits where the connection has no room.
    ///
    /// # Errors
    /// The stream was reset or finished, or the connection has ended.
    pub async fn write(&self, mut bytes: Bytes) -> Result<(), Closed> {
        while !bytes.is_empty() {
            if !self.table.is_open(self.id) {
                return Err(Closed);
            }
            let data = bytes.split_to(bytes.len().min(MAX_DATA));
            self.send(Frame::Data {
                id: self.id,
                data,
                fin: false,
            })
            .await?;
        }
        Ok(())
    }

    /// Says that nothing more comes. A second time, it does nothing.
    pub async fn finish(&self) {
        if self.table.local_end(self.id) {
            let last = Frame::Data {
                id: self.id,
                data: Bytes::new(),
                fin: true,
            };
            // A connection that has ended says the same.
            let _ = self.send(last).await;
        }
    }

    /// Ends the stream in both directions.
    pub async fn reset(&self) {
        self.end(Reset::CANCEL).await;
    }

    /// Waits until the stream was reset, or the connection has ended.
    pub async fn closed(&self) {
        self.ended.cancelled().await;
    }

    async fn end(&self, status: Reset) {
        if self.table.remove(self.id) {
            // A connection that has ended says the same.
            let _ = self.table.frames.send(Frame::RstStream { id: self.id, status }).await;
        }
    }

    async fn send(&self, frame: Frame) -> Result<(), Closed> {
        tokio::select! {
            biased;
            () = self.ended.cancelled() => Err(Closed),
            sent = self.table.frames.send(frame) => sent.map_err(|_| Closed),
        }
    }
}
