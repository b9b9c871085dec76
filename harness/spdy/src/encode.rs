//! Bytes out of frames.

use bytes::{BufMut, BytesMut};

use crate::frame::{CONTROL, FIN, UNIDIRECTIONAL, VERSION, kind};
use crate::headers::Packer;
use crate::{Error, Frame};

/// Most bytes that a frame's length can say.
const MAX_LENGTH: usize = (1 << 24) - 1;

/// Writes the frames of one direction.
pub struct Encoder {
    packer: Packer,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { packer: Packer::new() }
    }
}

impl Encoder {
    /// Appends a frame.
    ///
    /// # Errors
    /// Headers above [`crate::MAX_BLOCK`], data above what a frame holds. Nothing is appended then.
    pub fn encode(&mut self, frame: &Frame, out: &mut BytesMut) -> Result<(), Error> {
        let flag = |on: bool, flag: u8| if on { flag } else { 0 };
        match frame {
            Frame::SynStream {
                id,
                headers,
                fin,
                unidirectional,
            } => {
                let packed = self.packer.pack(headers)?;
                control(
                    out,
                    kind::SYN_STREAM,
                    flag(*fin, FIN) | flag(*unidirectional, UNIDIRECTIONAL),
                    packed.len() + 10,
                );
                out.put_u32(*id);
                // It belongs to no other stream; the highest priority; no slot.
                out.put_bytes(0, 6);
                out.put_slice(&packed);
            }
            Frame::SynReply { id, headers, fin } | Frame::Headers { id, headers, fin } => {
                let packed = self.packer.pack(headers)?;
                let kind = match frame {
                    Frame::SynReply { .. } => kind::SYN_REPLY,
                    _ => kind::HEADERS,
                };
                control(out, kind, flag(*fin, FIN), packed.len() + 4);
                out.put_u32(*id);
                out.put_slice(&packed);
            }
            Frame::RstStream { id, status } => pair(out, kind::RST_STREAM, *id, status.0),
            Frame::GoAway { last, status } => pair(out, kind::GOAWAY, *last, status.0),
            Frame::WindowUpdate { id, delta } => pair(out, kind::WINDOW_UPDATE, *id, *delta),
            Frame::Ping(id) => {
                control(out, kind::PING, 0, 4);
                out.put_u32(*id);
            }
            Frame::Settings(pairs) => {
                control(out, kind::SETTINGS, 0, 4 + 8 * pairs.len());
                out.put_u32(pairs.len() as u32);
                for (id, value) in pairs {
                    out.put_u32(*id);
                    out.put_u32(*value);
                }
            }
            Frame::Data { id, data, fin } => {
                if data.len() > MAX_LENGTH {
                    return Err(Error::Length {
                        kind: 0,
                        length: data.len(),
                    });
                }
                out.put_u32(*id);
                out.put_u32(u32::from(flag(*fin, FIN)) << 24 | data.len() as u32);
                out.put_slice(data);
            }
        }
        Ok(())
    }
}

fn pair(out: &mut BytesMut, kind: u16, first: u32, second: u32) {
    control(out, kind, 0, 8);
    out.put_u32(first);
    out.put_u32(second);
}

fn control(out: &mut BytesMut, kind: u16, flags: u8, length: usize) {
    out.put_u32(CONTROL | u32::from(VERSION) << 16 | u32::from(kind));
    out.put_u32(u32::from(flags) << 24 | length as u32);
}
