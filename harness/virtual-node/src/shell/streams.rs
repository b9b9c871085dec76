//! A command's standard streams.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::program::Log;

/// How many pieces of output wait for their reader before the writer waits.
const WAITING: usize = 16;

/// Standard input, output and error of a command.
pub(crate) struct Streams {
    pub(crate) stdin: Input,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
}

/// What a command reads.
pub(crate) struct Input {
    /// None: nothing, as `/dev/null`.
    from: Option<mpsc::Receiver<Bytes>>,
    rest: BytesMut,
}

/// Where a command writes.
#[derive(Clone)]
pub(crate) enum Output {
    Pipe(mpsc::Sender<Bytes>),
    Log(Log),
    Null,
}

/// A pipe's two ends.
pub(crate) fn pipe() -> (Output, Input) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Output::Pipe(sender), Input::new(receiver))
}

/// A log whose text goes to `output`, and what carries it there until the log is gone.
pub(crate) fn log_to(output: &Output) -> (Log, impl Future<Output = ()> + use<>) {
    let (log, lines) = match output {
        Output::Log(log) => (log.clone(), None),
        _ => {
            // Programs never wait for their log.
            let (sender, lines) = mpsc::unbounded_channel();
            (Log::to_writer(Lines(sender)), Some(lines))
        }
    };
    let output = output.clone();
    let carry = async move {
        let Some(mut lines) = lines else { return };
        while let Some(line) = lines.recv().await {
            if output.write(line).await.is_err() {
                return;
            }
        }
    };
    (log, carry)
}

struct Lines(mpsc::UnboundedSender<Bytes>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(Bytes::copy_from_slice(bytes));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Input {
    pub(crate) fn new(from: mpsc::Receiver<Bytes>) -> Self {
        Self {
            from: Some(from),
            rest: BytesMut::new(),
        }
    }

    pub(crate) fn null() -> Self {
        Self {
            from: None,
            rest: BytesMut::new(),
        }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Option<Bytes> {
        if !self.rest.is_empty() {
            return Some(self.rest.split().freeze());
        }
        self.from.as_mut()?.recv().await
    }

    /// The next line with its line break, which the last one may lack; `None` at the end.
    pub(crate) async fn line(&mut self) -> Option<Bytes> {
        loop {
            if let Some(at) = self.rest.iter().position(|byte| *byte == b'\n') {
                return Some(self.rest.split_to(at + 1).freeze());
            }
            let more = match self.from.as_mut() {
                Some(from) => from.recv().await,
                None => None,
            };
            match more {
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None if self.rest.is_empty() => return None,
                None => return Some(self.rest.split().freeze()),
            }
        }
    }

    /// All that comes until the end.
    pub(crate) async fn all(&mut self) -> Bytes {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            all.extend_from_slice(&chunk);
        }
        all.freeze()
    }
}

impl Output {
    /// Writes a piece as it is.
    ///
    /// # Errors
    /// `BrokenPipe` if nobody reads any more.
    pub(crate) async fn write(&self, bytes: impl Into<Bytes>) -> io::Result<()> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Ok(());
        }
        match self {
            Self::Pipe(pipe) => pipe.send(bytes).await.map_err(|_| io::ErrorKind::BrokenPipe.into()),
            Self::Log(log) => {
                log.line(String::from_utf8_lossy(&bytes));
                Ok(())
            }
            Self::Null => Ok(()),
        }
    }

    /// Writes a line.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(crate) async fn line(&self, text: impl AsRef<str>) -> io::Result<()> {
        self.write(format!("{}\n", text.as_ref())).await
    }
}
