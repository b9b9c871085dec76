//! Reading a log as `kubectl logs` asks for it.

use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use jiff::{SignedDuration, Timestamp};

use crate::program::{LogBuffer, LogLine};

/// The options of the kubelet's `containerLogs`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) follow: bool,
    pub(crate) previous: bool,
    timestamps: bool,
    tail: Option<usize>,
    since: Option<Timestamp>,
    /// Bytes.
    limit: Option<usize>,
}

/// An option that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("invalid value for option {name}: {value:?}")]
pub(crate) struct BadOption {
    name: String,
    value: String,
}

impl Query {
    /// Reads a URL's query. Unknown options are left alone, as the kubelet does.
    pub(crate) fn parse(query: &str, now: Timestamp) -> Result<Self, BadOption> {
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if value.is_empty() {
                continue;
            }
            let bad = || BadOption {
                name: name.to_owned(),
                value: value.to_owned(),
            };
            let flag = || value.parse::<bool>().or(if value == "1" { Ok(true) } else { Err(bad()) });
            let number = || value.parse::<usize>().map_err(|_| bad());
            match name {
                "follow" => parsed.follow = flag()?,
                "previous" => parsed.previous = flag()?,
                "timestamps" => parsed.timestamps = flag()?,
                "tailLines" => parsed.tail = Some(number()?),
                "limitBytes" => parsed.limit = Some(number()?),
                "sinceTime" => parsed.since = Some(value.replace("%3A", ":").replace("%2B", "+").parse().map_err(|_| bad())?),
                "sinceSeconds" => {
                    let seconds = SignedDuration::from_secs(value.parse().map_err(|_| bad())?);
                    parsed.since = Some(now.checked_sub(seconds).map_err(|_| bad())?);
                }
                _ => {}
            }
        }
        Ok(parsed)
    }

    /// All that comes from now on.
    pub(crate) fn following() -> Self {
        Self {
            follow: true,
            tail: Some(0),
            ..Self::default()
        }
    }

    /// The wanted part of lines that were there before reading began.
    fn begin(&self, lines: Vec<LogLine>) -> Vec<LogLine> {
        let mut lines: Vec<_> = lines
            .into_iter()
            .filter(|line| self.since.is_none_or(|since| line.time >= since))
            .collect();
        if let Some(tail) = self.tail {
            lines.drain(..lines.len().saturating_sub(tail));
        }
        lines
    }

    fn text(&self, lines: &[LogLine]) -> String {
        let mut text = String::new();
        for line in lines {
            if self.timestamps {
                text.push_str(&format!("{:.9} ", line.time));
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }
}

/// The log's text in pieces: what is there, then, when following, what comes, until the run ends.
pub(crate) fn read(buffer: Arc<LogBuffer>, query: Query) -> impl Stream<Item = Bytes> + Send {
    let changes = buffer.changes();
    let state = Reading {
        buffer,
        changes,
        left: query.limit.unwrap_or(usize::MAX),
        query,
        position: None,
        ended: false,
    };
    futures::stream::unfold(state, |mut state| async move { Some((state.next().await?, state)) })
}

struct Reading {
    buffer: Arc<LogBuffer>,
    changes: tokio::sync::watch::Receiver<()>,
    query: Query,
    /// Bytes that may still be sent.
    left: usize,
    /// `None` before the first piece.
    position: Option<u64>,
    ended: bool,
}

impl Reading {
    async fn next(&mut self) -> Option<Bytes> {
        while !self.ended && self.left > 0 {
            self.changes.mark_unchanged();
            let (mut lines, position, more) = self.buffer.read(self.position.unwrap_or(0));
            if self.position.is_none() {
                lines = self.query.begin(lines);
            }
            self.position = Some(position);
            self.ended = !more || !self.query.follow;
            let mut text = Bytes::from(self.query.text(&lines));
            text.truncate(self.left);
            self.left -= text.len();
            if !text.is_empty() {
                return Some(text);
            }
            if !self.ended && self.changes.changed().await.is_err() {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures::StreamExt;
    use simnet::Clock;

    use super::{Query, read};
    use crate::program::{Log, LogBuffer};

    #[tokio::test(start_paused = true)]
    async fn options_select_lines() {
        let (clock, buffer) = (Clock::simulated(), Arc::new(LogBuffer::default()));
        let log = Log::new(clock.clone(), buffer.clone());
        for line in ["a", "b", "c"] {
            log.line(line);
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        for (query, expected) in [
            ("", "a\nb\nc\n"),
            ("tailLines=2", "b\nc\n"),
            ("tailLines=0", ""),
            ("sinceSeconds=15", "c\n"),
            ("sinceTime=2026-01-01T00%3A00%3A10Z", "b\nc\n"),
            ("limitBytes=3", "a\nb"),
            ("timestamps=true&tailLines=1", "2026-01-01T00:00:20.000000000Z c\n"),
        ] {
            let query = Query::parse(query, clock.now()).unwrap();
            let pieces: Vec<_> = read(buffer.clone(), query).collect().await;
            assert_eq!(String::from_utf8(pieces.concat()).unwrap(), expected);
        }
        assert!(Query::parse("tailLines=x", clock.now()).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn following_ends_with_the_run() {
        let buffer = Arc::new(LogBuffer::default());
        let log = Log::new(Clock::simulated(), buffer.clone());
        let query = Query::parse("follow=true", Clock::simulated().now()).unwrap();
        let mut pieces = Box::pin(read(buffer.clone(), query));
        log.line("a");
        assert_eq!(pieces.next().await.unwrap(), "a\n");
        log.line("b");
        assert_eq!(pieces.next().await.unwrap(), "b\n");
        buffer.close();
        assert_eq!(pieces.next().await, None);
    }
}
