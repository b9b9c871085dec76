//! The open streams of a connection, as both of its halves and its streams see them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::stream::{Reader, Stream, Writer};
use crate::{Closed, Frame, Headers, StreamId};

/// Pieces of data that wait for a stream's reader, 16 KiB each, before the connection waits.
const PIECES: usize = 8;

pub(crate) struct Table {
    /// The way to the peer.
    pub(crate) frames: mpsc::Sender<Frame>,
    /// The connection is over: no stream carries anything any more.
    pub(crate) ended: CancellationToken,
    /// This side said good-bye: what still comes is passed over.
    pub(crate) closing: CancellationToken,
    inner: Mutex<Inner>,
}

struct Inner {
    streams: BTreeMap<StreamId, Entry>,
    /// Of the next stream that is opened here.
    next: StreamId,
    /// The last stream that the peer opened.
    last: StreamId,
}

struct Entry {
    /// Where the peer's data goes, until it says that there is no more.
    data: Option<mpsc::Sender<Bytes>>,
    /// Who waits for the peer's SYN_REPLY.
    reply: Option<oneshot::Sender<()>>,
    /// This side has said that it sends no more.
    finished: bool,
    ended: CancellationToken,
}

impl Table {
    /// `next` is the first number of streams that are opened on this side.
    pub(crate) fn new(frames: mpsc::Sender<Frame>, next: StreamId) -> Self {
        let inner = Inner {
            streams: BTreeMap::new(),
            next,
            last: 0,
        };
        Self {
            frames,
            ended: CancellationToken::new(),
            closing: CancellationToken::new(),
            inner: Mutex::new(inner),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.inner().streams.len()
    }

    /// The last stream that the peer opened.
    pub(crate) fn last(&self) -> StreamId {
        self.inner().last
    }

    /// True for numbers that the peer chooses: a client's are odd.
    pub(crate) fn is_peers(&self, id: u32) -> bool {
        id % 2 != self.inner().next % 2
    }

    /// Takes a number that the peer chose for a stream of its own; false if it is not one that may come next.
    pub(crate) fn number(&self, id: StreamId) -> bool {
        let mut inner = self.inner();
        let fits = id % 2 != inner.next % 2 && id > inner.last;
        inner.last = inner.last.max(id);
        fits
    }

    /// Enters a stream of the peer's.
    pub(crate) fn enter(self: &Arc<Self>, id: StreamId, headers: Headers, fin: bool, unidirectional: bool) -> Stream {
        let (entry, stream) = self.entry(id, headers, None);
        self.inner().streams.insert(id, entry);
        if fin {
            self.remote_end(id);
        }
        if unidirectional {
            self.local_end(id);
        }
        stream
    }

    /// Enters a stream of this side's, and tells the peer of it: streams are announced in the order of their numbers.
    pub(crate) async fn open(self: &Arc<Self>, headers: Headers) -> Result<(Stream, oneshot::Receiver<()>), Closed> {
        let room = self.frames.reserve().await.map_err(|_| Closed)?;
        let (sender, replied) = oneshot::channel();
        let mut inner = self.inner();
        let id = inner.next;
        inner.next += 2;
        let (entry, stream) = self.entry(id, headers.clone(), Some(sender));
        inner.streams.insert(id, entry);
        room.send(Frame::SynStream {
            id,
            headers,
            fin: false,
            unidirectional: false,
        });
        Ok((stream, replied))
    }

    fn entry(self: &Arc<Self>, id: StreamId, headers: Headers, reply: Option<oneshot::Sender<()>>) -> (Entry, Stream) {
        let (data, pieces) = mpsc::channel(PIECES);
        let ended = self.ended.child_token();
        let entry = Entry {
            data: Some(data),
            reply,
            finished: false,
            ended: ended.clone(),
        };
        let stream = Stream {
            headers,
            reader: Reader(pieces),
            writer: Writer {
                id,
                ended,
                table: self.clone(),
            },
        };
        (entry, stream)
    }

    /// Where a stream's data goes, and what tells that the stream has ended meanwhile.
    pub(crate) fn data(&self, id: StreamId) -> Option<(mpsc::Sender<Bytes>, CancellationToken)> {
        let inner = self.inner();
        let entry = inner.streams.get(&id)?;
        Some((entry.data.clone()?, entry.ended.clone()))
    }

    pub(crate) fn replied(&self, id: StreamId) {
        let reply = self.inner().streams.get_mut(&id).and_then(|entry| entry.reply.take());
        if let Some(reply) = reply {
            // Whoever opened the stream may have left.
            let _ = reply.send(());
        }
    }

    /// The peer sends no more on a stream.
    pub(crate) fn remote_end(&self, id: StreamId) {
        let mut inner = self.inner();
        if let Some(entry) = inner.streams.get_mut(&id) {
            entry.data = None;
            if entry.finished {
                inner.streams.remove(&id);
            }
        }
    }

    /// This side sends no more on a stream; false if it had said so before, or the stream is gone.
    pub(crate) fn local_end(&self, id: StreamId) -> bool {
        let mut inner = self.inner();
        let Some(entry) = inner.streams.get_mut(&id).filter(|entry| !entry.finished) else {
            return false;
        };
        entry.finished = true;
        if entry.data.is_none() {
            inner.streams.remove(&id);
        }
        true
    }

    /// True while this side may send on a stream.
    pub(crate) fn is_open(&self, id: StreamId) -> bool {
        self.inner().streams.get(&id).is_some_and(|entry| !entry.finished)
    }

    /// The stream is over in both directions; false if it was before.
    pub(crate) fn remove(&self, id: StreamId) -> bool {
        let removed = self.inner().streams.remove(&id);
        if let Some(entry) = &removed {
            entry.ended.cancel();
        }
        removed.is_some()
    }

    /// Nothing is carried any more.
    pub(crate) fn end(&self) {
        self.ended.cancel();
        self.inner().streams.clear();
    }
}
