//! A command's standard streams.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::{broadcast, mpsc};

use crate::program::{Files, Log};

/// How many pieces of output wait for their reader before the writer waits.
const WAITING: usize = 16;

/// Standard input, output and error of a command. Clones are the same streams.
#[derive(Clone)]
pub(crate) struct Streams {
    pub(crate) stdin: Input,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
}

/// What commands read: what one of them has taken, the next one does not see.
#[derive(Clone)]
pub(crate) struct Input(Arc<tokio::sync::Mutex<Source>>);

struct Source {
    /// None: nothing more, as from `/dev/null`.
    from: Option<mpsc::Receiver<Bytes>>,
    rest: BytesMut,
}

/// Where a command writes.
#[derive(Clone)]
pub(crate) enum Output {
    Pipe(mpsc::Sender<Bytes>),
    /// A container's log, and the line that is not whole yet.
    Log(Log, Arc<Mutex<Vec<u8>>>),
    /// The same, for whoever is attached also what is no whole line yet.
    Shown(Log, Arc<Mutex<Vec<u8>>>, broadcast::Sender<Bytes>),
    /// The end of a container's file.
    File(Files, String),
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
        Output::Log(log, _) => (log.clone(), None),
        _ => {
            // Programs never wait for their log.
            let (sender, lines) = mpsc::unbounded_channel();
            (
                Log::to_writer(Lines {
                    to: sender,
                    line: Vec::new(),
                }),
                Some(lines),
            )
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

struct Lines {
    to: mpsc::UnboundedSender<Bytes>,
    line: Vec<u8>,
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.to.send(line.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Input {
    pub(crate) fn new(from: mpsc::Receiver<Bytes>) -> Self {
        Self::of(Some(from), BytesMut::new())
    }

    pub(crate) fn null() -> Self {
        Self::of(None, BytesMut::new())
    }

    /// A text that is there already.
    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self::of(None, BytesMut::from(text.into()))
    }

    fn of(from: Option<mpsc::Receiver<Bytes>>, rest: BytesMut) -> Self {
        Self(Arc::new(tokio::sync::Mutex::new(Source { from, rest })))
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn chunk(&self) -> Option<Bytes> {
        let mut source = self.0.lock().await;
        if !source.rest.is_empty() {
            return Some(source.rest.split().freeze());
        }
        source.from.as_mut()?.recv().await
    }

    /// The next line with its line break, which the last one may lack; `None` at the end.
    pub(crate) async fn line(&self) -> Option<Bytes> {
        let mut source = self.0.lock().await;
        loop {
            if let Some(at) = source.rest.iter().position(|byte| *byte == b'\n') {
                return Some(source.rest.split_to(at + 1).freeze());
            }
            let more = match source.from.as_mut() {
                Some(from) => from.recv().await,
                None => None,
            };
            match more {
                Some(chunk) => source.rest.extend_from_slice(&chunk),
                None if source.rest.is_empty() => return None,
                None => return Some(source.rest.split().freeze()),
            }
        }
    }

    /// All that comes until the end.
    pub(crate) async fn all(&self) -> Bytes {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            all.extend_from_slice(&chunk);
        }
        all.freeze()
    }
}

impl Output {
    pub(crate) fn log(log: Log) -> Self {
        Self::Log(log, Arc::default())
    }

    /// A log that those who are attached follow as it is written.
    pub(crate) fn shown(log: Log, live: broadcast::Sender<Bytes>) -> Self {
        Self::Shown(log, Arc::default(), live)
    }

    /// Ends a last line that has no line break.
    pub(crate) fn finish(&self) {
        if let Self::Log(log, rest) | Self::Shown(log, rest, _) = self {
            let rest = std::mem::take(&mut *rest.lock().unwrap_or_else(PoisonError::into_inner));
            if !rest.is_empty() {
                log.line(String::from_utf8_lossy(&rest));
            }
        }
    }

    /// Writes a piece as it is.
    ///
    /// # Errors
    /// `BrokenPipe` if nobody reads any more; of a file, as [`Files::append`].
    pub(crate) async fn write(&self, bytes: impl Into<Bytes>) -> io::Result<()> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Ok(());
        }
        match self {
            Self::Pipe(pipe) => pipe.send(bytes).await.map_err(|_| io::ErrorKind::BrokenPipe.into()),
            Self::Log(log, rest) | Self::Shown(log, rest, _) => {
                if let Self::Shown(.., live) = self {
                    // Nobody may be attached.
                    let _ = live.send(bytes.clone());
                }
                let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
                rest.extend_from_slice(&bytes);
                if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
                    let whole: Vec<u8> = rest.drain(..=end).collect();
                    log.line(String::from_utf8_lossy(&whole));
                }
                Ok(())
            }
            Self::File(files, path) => files.append(path, &bytes),
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
