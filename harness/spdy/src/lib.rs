//! SPDY/3.1 as Kubernetes' clients speak it for `exec`, `attach` and `portforward`: many streams over one connection.
//!
//! - [`Frame`], [`Decoder`] and [`Encoder`]: what goes over the wire, as pure functions of bytes.
//! - [`server`] and [`client`]: a [`Connection`], which carries bytes while it is polled, and its [`Streams`].
//!
//! Flow control is that of Go's `moby/spdystream`, which all of Kubernetes uses: there are no windows. WINDOW_UPDATE and SETTINGS are read and change
//! nothing. A stream that nobody reads holds up its connection once a few pieces wait, and so its peer. Priorities are not looked at, either: frames
//! leave in the order in which they were written.
//!
//! The source of the format is the draft `draft-mbelshe-httpbis-spdy-00`, with SPDY 3's header dictionary.

mod connection;
mod decode;
mod dictionary;
mod encode;
mod error;
mod frame;
mod headers;
mod stream;
mod table;

pub use connection::{Connection, MAX_STREAMS, Streams, client, server};
pub use decode::{Decoder, MAX_CONTROL, MAX_PIECE};
pub use encode::Encoder;
pub use error::{Closed, Error};
pub use frame::{Frame, GoAwayStatus, Reset, StreamId};
pub use headers::{Headers, MAX_BLOCK};
pub use stream::{Reader, Stream, Writer};
