//! Frames.

use bytes::Bytes;

use crate::Headers;

/// A stream's number: odd for those that the client opened. 31 bits.
pub type StreamId = u32;

/// Types of control frames.
pub(crate) mod kind {
    pub(crate) const SYN_STREAM: u16 = 1;
    pub(crate) const SYN_REPLY: u16 = 2;
    pub(crate) const RST_STREAM: u16 = 3;
    pub(crate) const SETTINGS: u16 = 4;
    pub(crate) const PING: u16 = 6;
    pub(crate) const GOAWAY: u16 = 7;
    pub(crate) const HEADERS: u16 = 8;
    pub(crate) const WINDOW_UPDATE: u16 = 9;
}

/// The version that control frames name.
pub(crate) const VERSION: u16 = 3;
/// The bit of a first word that makes a control frame.
pub(crate) const CONTROL: u32 = 1 << 31;
/// Nothing more comes from the sender on this stream.
pub(crate) const FIN: u8 = 1;
/// The other side sends nothing on this stream.
pub(crate) const UNIDIRECTIONAL: u8 = 2;

/// One frame, or a piece of a DATA frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Opens a stream.
    SynStream {
        /// The new stream.
        id: StreamId,
        /// What it is for.
        headers: Headers,
        /// The opener sends no data.
        fin: bool,
        /// The other side sends no data.
        unidirectional: bool,
    },
    /// Accepts a stream.
    SynReply {
        /// The stream.
        id: StreamId,
        /// What the answer says.
        headers: Headers,
        /// Whoever accepts sends no data.
        fin: bool,
    },
    /// More headers of a stream.
    Headers {
        /// The stream.
        id: StreamId,
        /// The headers.
        headers: Headers,
        /// Nothing more comes.
        fin: bool,
    },
    /// Ends a stream in both directions at once.
    RstStream {
        /// The stream.
        id: StreamId,
        /// Why.
        status: Reset,
    },
    /// A sign of life: whoever did not choose its number sends it back. A client's are odd.
    Ping(u32),
    /// The sender takes no more streams.
    GoAway {
        /// The last stream that it took.
        last: StreamId,
        /// Why.
        status: GoAwayStatus,
    },
    /// Settings: pairs of number and value, without their flags.
    Settings(Vec<(u32, u32)>),
    /// More room for a stream's data.
    WindowUpdate {
        /// The stream; 0 is the connection.
        id: StreamId,
        /// Bytes.
        delta: u32,
    },
    /// Data. What is read comes in pieces; only the last of a frame may have `fin`.
    Data {
        /// The stream.
        id: StreamId,
        /// The bytes.
        data: Bytes,
        /// Nothing more comes.
        fin: bool,
    },
}

/// Why a stream was reset, by its number in the draft; others are kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset(pub u32);

impl Reset {
    /// The other side does not want the stream.
    pub const REFUSED: Self = Self(3);
    /// The sender needs the stream no longer.
    pub const CANCEL: Self = Self(5);
}

/// Why a connection ends, by its number in the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoAwayStatus(pub u32);

impl GoAwayStatus {
    /// All is done.
    pub const OK: Self = Self(0);
    /// The other side broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1);
}
