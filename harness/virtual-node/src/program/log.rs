//! A container's log: standard output, kept within bounds.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use simnet::Clock;
use tokio::sync::watch;

/// A log keeps at most this many bytes of text; the oldest lines go first.
const CAPACITY: usize = 1 << 20;

/// A container's standard output.
#[derive(Clone)]
pub struct Log(Sink);

#[derive(Clone)]
enum Sink {
    Buffer { clock: Clock, buffer: Arc<LogBuffer> },
    Writer(Arc<Mutex<dyn Write + Send>>),
}

impl Log {
    pub(crate) fn new(clock: Clock, buffer: Arc<LogBuffer>) -> Self {
        Self(Sink::Buffer { clock, buffer })
    }

    /// A log that is written at once, such as to a process's standard output.
    pub fn to_writer(writer: impl Write + Send + 'static) -> Self {
        Self(Sink::Writer(Arc::new(Mutex::new(writer))))
    }

    /// Writes a line, or several where `text` holds line breaks.
    pub fn line(&self, text: impl AsRef<str>) {
        match &self.0 {
            Sink::Buffer { clock, buffer } => {
                let time = clock.now();
                for line in text.as_ref().lines() {
                    buffer.push(LogLine { time, text: line.into() });
                }
            }
            Sink::Writer(writer) => {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                for line in text.as_ref().lines() {
                    // Where nobody reads the log there is nobody to tell.
                    let _ = writeln!(writer, "{line}").and_then(|()| writer.flush());
                }
            }
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

/// A line with the time it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    pub(crate) time: Timestamp,
    pub(crate) text: Arc<str>,
}

/// One run's lines. Readers follow by position, which counts all lines ever written.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    lines: Mutex<Lines>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<LogLine>,
    bytes: usize,
    dropped: u64,
    closed: bool,
}

impl Default for LogBuffer {
    fn default() -> Self {
        Self {
            lines: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }
}

impl LogBuffer {
    fn push(&self, line: LogLine) {
        let mut lines = self.lock();
        lines.bytes += line.text.len();
        lines.kept.push_back(line);
        while lines.bytes > CAPACITY {
            let Some(oldest) = lines.kept.pop_front() else { break };
            lines.bytes -= oldest.text.len();
            lines.dropped += 1;
        }
        drop(lines);
        self.changed.send_replace(());
    }

    /// Marks the end of the run: followers end too.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.send_replace(());
    }

    /// The lines from `position` on, the position after them, and whether more may come.
    pub(crate) fn read(&self, position: u64) -> (Vec<LogLine>, u64, bool) {
        let lines = self.lock();
        let skip = usize::try_from(position.saturating_sub(lines.dropped)).unwrap_or(usize::MAX);
        let end = lines.dropped + lines.kept.len() as u64;
        (lines.kept.iter().skip(skip).cloned().collect(), end, !lines.closed)
    }

    /// Changes with every line and with the end.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CAPACITY, Log, LogBuffer};

    #[test]
    fn lines_are_split_bounded_and_followed_by_position() {
        let buffer = Arc::new(LogBuffer::default());
        let log = Log::new(simnet::Clock::simulated(), buffer.clone());
        log.line("a\nb");
        let (lines, position, more) = buffer.read(0);
        assert_eq!(lines.iter().map(|line| &*line.text).collect::<Vec<_>>(), ["a", "b"]);
        assert!(more);
        log.line("x".repeat(CAPACITY));
        buffer.close();
        let (lines, _, more) = buffer.read(position);
        assert_eq!(lines.len(), 1);
        assert!(!more);
        assert_eq!(buffer.read(0).0.len(), 1, "the oldest lines went");
    }
}
