//! What ends a connection.

use std::io;

/// Why a connection ended other than well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection below failed.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// A control frame of another version than 3.
    #[error("a control frame of SPDY version {0}, not 3")]
    Version(u16),
    /// A control frame whose length does not fit its type.
    #[error("a control frame of type {kind} with {length} bytes")]
    Length {
        /// The type's number.
        kind: u16,
        /// Bytes after the frame's head.
        length: usize,
    },
    /// A frame that must name a stream names none.
    #[error("a frame of type {0} for stream 0")]
    NoStream(u16),
    /// A header block that does not unpack, or does not hold what it says.
    #[error("a header block {0}")]
    Headers(&'static str),
    /// A stream whose number was used before, or is the other side's.
    #[error("a new stream with the number {0}, which is not its opener's next")]
    StreamNumber(u32),
    /// The connection ended within a frame.
    #[error("the connection ended within a frame")]
    Truncated,
}

impl Error {
    /// True if the peer broke the protocol; false if the connection below failed.
    pub fn is_protocol(&self) -> bool {
        !matches!(self, Self::Io(_) | Self::Truncated)
    }
}

/// The stream was reset, or its connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream is closed")]
pub struct Closed;
