//! A watch as the in-process client sees it.

use std::sync::Arc;

use super::Follow;
use crate::apiserver::to_served;
use crate::kinds::Kind;
use crate::object::Object;
use crate::store;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// It is new, or matches the selectors now.
    Added,
    /// It changed.
    Modified,
    /// It is gone, or no longer matches; the object is the last state.
    Deleted,
    /// Nothing happened up to the object's revision.
    Bookmark,
    /// The watch is over, usually because the log no longer reaches back far enough. The object
    /// is a `Status`. List again.
    Error,
}

/// One event of a watch.
#[derive(Clone, Debug)]
pub(crate) struct WatchEvent {
    /// What happened.
    pub(crate) kind: EventKind,
    /// The object after it.
    pub(crate) object: Arc<Object>,
}

/// A running watch. It holds no events: it reads the store's log when asked.
pub(crate) struct Watch {
    pub(crate) reader: store::Reader,
    pub(crate) kind: Arc<Kind>,
}

impl Watch {
    /// The next event; waits for it. None once the cluster is gone.
    pub(crate) async fn next(&mut self) -> Option<WatchEvent> {
        let mut event = self.reader.next().await?;
        if event.kind != EventKind::Error {
            event.object = to_served(&event.object, &self.kind);
        }
        Some(event)
    }
}

/// What a watch brings, wherever the API server is.
pub(crate) enum Changes {
    /// In this process.
    Here(Watch),
    /// Elsewhere.
    There(Box<Follow>),
}

impl Changes {
    /// The next event; waits for it. None once a cluster of this process is gone.
    pub(crate) async fn next(&mut self) -> Option<WatchEvent> {
        match self {
            Self::Here(watch) => watch.next().await,
            Self::There(follow) => Some(follow.next().await),
        }
    }
}
