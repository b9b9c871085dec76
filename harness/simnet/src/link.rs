//! One end of a connection under the [`Rules`]: bytes that arrive late, or not until a partition heals.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::rules::{Rules, Verdict};

/// Bytes taken off the wire that are not due yet are kept up to this size; the rest waits at the sender.
const IN_FLIGHT: usize = 64 * 1024;

/// Applies the rules for what this end receives, and, where the other end is not ours to wrap, for what it sends.
pub(crate) struct Link {
    rules: Rules,
    here: String,
    peer: String,
    /// Whether this end answers for both directions (loopback sockets, where the accepting end does not know its peer's zone).
    both: bool,
    /// Whether this end opened the connection.
    opened: bool,
    in_flight: VecDeque<(Instant, Vec<u8>)>,
    ended: bool,
    due: Option<Pin<Box<Sleep>>>,
    rule_change: Option<BoxFuture<'static, ()>>,
}

impl Link {
    pub(crate) fn new(rules: Rules, here: String, peer: String, both: bool, opened: bool) -> Self {
        Self {
            rules,
            here,
            peer,
            both,
            opened,
            in_flight: VecDeque::new(),
            ended: false,
            due: None,
            rule_change: None,
        }
    }

    fn inbound(&self) -> Verdict {
        let mut verdict = self.rules.verdict(&self.peer, &self.here);
        if self.both {
            verdict.delay += self.rules.verdict(&self.here, &self.peer).delay;
        }
        verdict
    }

    /// Fails if a rule refuses connections of the zone that opened this one.
    fn check(&self) -> io::Result<()> {
        let (from, to) = if self.opened {
            (&self.here, &self.peer)
        } else {
            (&self.peer, &self.here)
        };
        match self.rules.verdict(from, to).refused {
            true => Err(io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by peer")),
            false => Ok(()),
        }
    }

    /// Ready once no rule drops what `blocked` looks at.
    fn poll_open(&mut self, cx: &mut Context<'_>, blocked: impl Fn(&Self) -> bool) -> Poll<()> {
        while blocked(self) {
            let mut changes = self.rules.subscribe();
            let wait = self.rule_change.get_or_insert_with(|| {
                Box::pin(async move {
                    // The set of rules outlives its links: an error means that nothing can change any more.
                    if changes.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                })
            });
            // A change between the look above and this subscription is seen by the next look.
            if wait.as_mut().poll(cx).is_pending() {
                if blocked(self) {
                    return Poll::Pending;
                }
                break;
            }
            self.rule_change = None;
        }
        self.rule_change = None;
        Poll::Ready(())
    }

    pub(crate) fn poll_read<S>(&mut self, wire: &mut S, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncRead + Unpin,
    {
        self.check()?;
        ready!(self.poll_open(cx, |link| link.inbound().dropped));
        let delay = self.inbound().delay;
        if delay.is_zero() && self.in_flight.is_empty() && !self.ended {
            return Pin::new(wire).poll_read(cx, buf);
        }
        self.take_off_wire(wire, cx, delay)?;
        let Some((when, _)) = self.in_flight.front() else {
            return if self.ended { Poll::Ready(Ok(())) } else { Poll::Pending };
        };
        let when = *when;
        let due = self.due.get_or_insert_with(|| Box::pin(sleep_until(when)));
        if due.deadline() != when {
            due.as_mut().reset(when);
        }
        ready!(due.as_mut().poll(cx));
        self.deliver(buf);
        Poll::Ready(Ok(()))
    }

    fn take_off_wire<S: AsyncRead + Unpin>(&mut self, wire: &mut S, cx: &mut Context<'_>, delay: Duration) -> io::Result<()> {
        while !self.ended && self.in_flight.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < IN_FLIGHT {
            let mut chunk = [0; 8 * 1024];
            let mut buf = ReadBuf::new(&mut chunk);
            match Pin::new(&mut *wire).poll_read(cx, &mut buf) {
                Poll::Pending => break,
                Poll::Ready(result) => result?,
            }
            if buf.filled().is_empty() {
                self.ended = true;
            } else {
                self.in_flight.push_back((Instant::now() + delay, buf.filled().to_vec()));
            }
        }
        Ok(())
    }

    fn deliver(&mut self, buf: &mut ReadBuf<'_>) {
        if let Some((when, mut bytes)) = self.in_flight.pop_front() {
            let taken = bytes.len().min(buf.remaining());
            buf.put_slice(&bytes[..taken]);
            if taken < bytes.len() {
                self.in_flight.push_front((when, bytes.split_off(taken)));
            }
        }
    }

    pub(crate) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        wire: &mut S,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        if self.both {
            ready!(self.poll_open(cx, |link| { link.rules.verdict(&link.here, &link.peer).dropped }));
        }
        Pin::new(wire).poll_write(cx, bytes)
    }
}
