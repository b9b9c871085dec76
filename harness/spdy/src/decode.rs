//! Frames out of bytes.

use bytes::{Buf, BytesMut};

use crate::frame::{CONTROL, FIN, UNIDIRECTIONAL, VERSION, kind};
use crate::headers::Unpacker;
use crate::{Error, Frame, GoAwayStatus, Reset, StreamId};

/// Most bytes of a control frame after its head. DATA frames may have all that their length can say: they are read in pieces.
pub const MAX_CONTROL: usize = 64 << 10;
/// Most bytes of a piece of a DATA frame.
pub const MAX_PIECE: usize = 16 << 10;

const HEAD: usize = 8;

/// Reads the frames of one direction. Headers are packed across frames, so all of them go through the same decoder.
pub struct Decoder {
    unpacker: Unpacker,
    /// A DATA frame that is not whole yet.
    open: Option<Open>,
    /// Bytes of a control frame of an unknown type that are still to be passed over.
    skip: usize,
}

struct Open {
    id: StreamId,
    left: usize,
    fin: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            unpacker: Unpacker::new(),
            open: None,
            skip: 0,
        }
    }
}

impl Decoder {
    /// Takes the next frame out of what was received; `None` if it is not there yet. Frames of types that the draft does not know are passed over, as it
    /// says.
    ///
    /// # Errors
    /// What is no frame. The connection has to end then: nobody knows where the next frame begins.
    pub fn decode(&mut self, received: &mut BytesMut) -> Result<Option<Frame>, Error> {
        loop {
            let skipped = self.skip.min(received.len());
            received.advance(skipped);
            self.skip -= skipped;
            if self.skip > 0 {
                return Ok(None);
            }
            if let Some(open) = self.open.take() {
                return Ok(self.piece(open, received));
            }
            let Some(mut head) = received.get(..HEAD) else { return Ok(None) };
            let (first, second) = (head.get_u32(), head.get_u32());
            let (flags, length) = ((second >> 24) as u8, (second & 0xff_ffff) as usize);
            if first & CONTROL == 0 {
                if first == 0 {
                    return Err(Error::NoStream(0));
                }
                received.advance(HEAD);
                self.open = Some(Open {
                    id: first,
                    left: length,
                    fin: flags & FIN != 0,
                });
                continue;
            }
            let (version, kind) = ((first >> 16 & 0x7fff) as u16, first as u16);
            if version != VERSION {
                return Err(Error::Version(version));
            }
            if !(kind::SYN_STREAM..=kind::WINDOW_UPDATE).contains(&kind) || kind == 5 {
                received.advance(HEAD);
                self.skip = length;
                continue;
            }
            if length > MAX_CONTROL {
                return Err(Error::Length { kind, length });
            }
            if received.len() < HEAD + length {
                return Ok(None);
            }
            received.advance(HEAD);
            let body = received.split_to(length);
            return self.control(kind, flags, &body).map(Some);
        }
    }

    /// True between frames: a connection may end here.
    pub fn is_between(&self, received: &BytesMut) -> bool {
        received.is_empty() && self.open.is_none() && self.skip == 0
    }

    fn piece(&mut self, open: Open, received: &mut BytesMut) -> Option<Frame> {
        let length = open.left.min(received.len()).min(MAX_PIECE);
        if length == 0 && open.left > 0 {
            self.open = Some(open);
            return None;
        }
        let (data, left) = (received.split_to(length).freeze(), open.left - length);
        let Open { id, fin, .. } = open;
        if left > 0 {
            self.open = Some(Open { id, left, fin });
        }
        Some(Frame::Data {
            id,
            data,
            fin: fin && left == 0,
        })
    }

    fn control(&mut self, kind: u16, flags: u8, body: &[u8]) -> Result<Frame, Error> {
        let length = || Error::Length { kind, length: body.len() };
        let (mut rest, fin) = (body, flags & FIN != 0);
        let exactly = |wanted: usize| if body.len() == wanted { Ok(()) } else { Err(length()) };
        match kind {
            kind::SYN_STREAM => {
                let id = stream(kind, &mut rest).ok_or_else(length)??;
                // The stream that it belongs to, its priority and a slot for credentials.
                let packed = rest.get(6..).ok_or_else(length)?;
                Ok(Frame::SynStream {
                    id,
                    headers: self.unpacker.unpack(packed)?,
                    fin,
                    unidirectional: flags & UNIDIRECTIONAL != 0,
                })
            }
            kind::SYN_REPLY | kind::HEADERS => {
                let id = stream(kind, &mut rest).ok_or_else(length)??;
                let headers = self.unpacker.unpack(rest)?;
                Ok(match kind {
                    kind::SYN_REPLY => Frame::SynReply { id, headers, fin },
                    _ => Frame::Headers { id, headers, fin },
                })
            }
            kind::SETTINGS => {
                let count = rest.try_get_u32().map_err(|_| length())? as usize;
                // No more than `MAX_CONTROL` bytes, so this does not overflow for what is accepted.
                if count.checked_mul(8) != Some(rest.len()) {
                    return Err(length());
                }
                let pairs = rest.chunks_exact(8).map(|mut pair| (pair.get_u32() & 0xff_ffff, pair.get_u32()));
                Ok(Frame::Settings(pairs.collect()))
            }
            kind::PING => {
                exactly(4)?;
                Ok(Frame::Ping(rest.get_u32()))
            }
            kind::RST_STREAM => {
                exactly(8)?;
                let id = stream(kind, &mut rest).ok_or_else(length)??;
                let status = Reset(rest.get_u32());
                Ok(Frame::RstStream { id, status })
            }
            kind::GOAWAY => {
                exactly(8)?;
                let (last, status) = (rest.get_u32() & !CONTROL, GoAwayStatus(rest.get_u32()));
                Ok(Frame::GoAway { last, status })
            }
            _ => {
                exactly(8)?;
                let (id, delta) = (rest.get_u32() & !CONTROL, rest.get_u32() & !CONTROL);
                Ok(Frame::WindowUpdate { id, delta })
            }
        }
    }
}

/// The stream that a frame is about; `None` if the frame is too short to say.
fn stream(kind: u16, rest: &mut &[u8]) -> Option<Result<StreamId, Error>> {
    let id = rest.try_get_u32().ok()? & !CONTROL;
    Some(if id == 0 { Err(Error::NoStream(kind)) } else { Ok(id) })
}
