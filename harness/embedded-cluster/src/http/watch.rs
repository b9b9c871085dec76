//! Watches on the wire: one JSON object a line, for as long as the client listens.

use std::time::Duration;

use crate::value::{Value, json};
use bytes::{BufMut, Bytes, BytesMut};
use futures::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use simnet::Clock;
use tokio::time::{Instant, sleep_until};

use super::negotiate::Form;
use super::respond::{ResponseBody, metadata_of};
use super::table::{Include, Table};
use crate::apiserver::{self, bookmark};
use crate::client::{EventKind, WatchEvent};

/// How often a watch that wants bookmarks gets one.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long before its end a watch gets its last bookmark.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// A watch in progress.
struct Sender {
    stream: apiserver::Stream,
    form: Form,
    clock: Clock,
    end: Option<Instant>,
    next_bookmark: Option<Instant>,
    first: bool,
}

/// The body of a watch's response.
pub(super) fn body(stream: apiserver::Stream, form: Form, clock: Clock) -> ResponseBody {
    let now = Instant::now();
    let end = stream.timeout.map(|timeout| now + timeout);
    let mut sender = Sender {
        form,
        clock,
        end,
        next_bookmark: None,
        first: true,
        stream,
    };
    sender.plan_bookmark();
    let frames = stream::unfold(sender, |mut sender| async move {
        let line = sender.next().await?;
        Some((Ok::<_, std::io::Error>(Frame::data(line)), sender))
    });
    StreamBody::new(frames).boxed_unsync()
}

impl Sender {
    fn plan_bookmark(&mut self) {
        if !self.stream.bookmarks {
            return;
        }
        let now = Instant::now();
        let regular = now + BOOKMARK_EVERY;
        let last = self.end.and_then(|end| end.checked_sub(LAST_BOOKMARK)).filter(|last| *last > now);
        self.next_bookmark = Some(last.map_or(regular, |last| last.min(regular)));
    }

    /// The next line; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(event) = self.stream.initial.next() {
            return Some(self.line(&event));
        }
        let event = tokio::select! {
            biased;
            event = self.stream.changes.next() => event?,
            () = until(self.end) => return None,
            () = self.stream.cuts.ordered() => return None,
            () = until(self.next_bookmark) => {
                self.plan_bookmark();
                bookmark(&self.stream.kind, self.stream.changes.reader.position(), false)
            }
        };
        Some(self.line(&event))
    }

    fn line(&mut self, event: &WatchEvent) -> Bytes {
        let kind = match event.kind {
            EventKind::Added => "ADDED",
            EventKind::Modified => "MODIFIED",
            EventKind::Deleted => "DELETED",
            EventKind::Bookmark => "BOOKMARK",
            EventKind::Error => "ERROR",
        };
        let object = match (self.form, event.kind) {
            (Form::Plain, _) | (_, EventKind::Error) => event.object.json(),
            (Form::Metadata { .. }, _) => metadata_of(&event.object).to_json().into(),
            (Form::Table(include), kind) => self.table(event, kind, include).to_json().into(),
        };
        let mut line = BytesMut::with_capacity(object.len() + 32);
        line.put_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
        line.put(object);
        line.put_slice(b"}\n");
        line.freeze()
    }

    /// Only the first table says what its columns are.
    fn table(&mut self, event: &WatchEvent, kind: EventKind, include: Include) -> Value {
        let metadata = json!({"resourceVersion": event.object.revision().to_string()});
        let columns = std::mem::take(&mut self.first);
        let rows = if kind == EventKind::Bookmark {
            &[][..]
        } else {
            std::slice::from_ref(&event.object)
        };
        let table = Table {
            kind: &self.stream.kind,
            include,
            now: self.clock.now(),
        };
        table.of(rows, &metadata, columns)
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}
