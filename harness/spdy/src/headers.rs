//! Header blocks: names and values, packed with zlib. All blocks of one direction are one zlib stream, flushed after each.

use bytes::{Buf, BufMut};
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateError, InflateFlush, Status};

use crate::Error;
use crate::dictionary::dictionary;

/// Most bytes of an unpacked header block.
pub const MAX_BLOCK: usize = 64 << 10;

/// Kubernetes' streams have four.
const MAX_HEADERS: u32 = 256;
/// The packer looks back this far, as a power of two. Blocks are small.
const WINDOW_BITS: u8 = 12;
/// The unpacker takes whatever its peer chose.
const MAX_WINDOW_BITS: u8 = 15;
const LEVEL: i32 = 6;
/// Room that is added while the output does not fit.
const STEP: usize = 1024;

/// A stream's headers, in their order. Names are in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a header, whatever the case of its name; the first one where it has several.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        value.split('\0').next()
    }

    fn read(mut block: &[u8]) -> Result<Self, Error> {
        let mut headers = Self::default();
        let count = block.try_get_u32().map_err(|_| TOO_SHORT)?;
        if count > MAX_HEADERS {
            return Err(Error::Headers("with too many headers"));
        }
        for _ in 0..count {
            let (name, value) = (text(&mut block)?, text(&mut block)?);
            if name.is_empty() || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(Error::Headers("with a name that is empty or not in lower case"));
            }
            if headers.get(&name).is_some() {
                return Err(Error::Headers("with a name that comes twice"));
            }
            headers.0.push((name, value));
        }
        if block.is_empty() {
            Ok(headers)
        } else {
            Err(Error::Headers("with bytes after its end"))
        }
    }

    fn write(&self) -> Vec<u8> {
        let mut block = Vec::new();
        block.put_u32(self.0.len() as u32);
        for text in self.0.iter().flat_map(|(name, value)| [name, value]) {
            block.put_u32(text.len() as u32);
            block.put_slice(text.as_bytes());
        }
        block
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let lower = |(name, value): (N, V)| (name.as_ref().to_ascii_lowercase(), value.into());
        Self(headers.into_iter().map(lower).collect())
    }
}

const TOO_SHORT: Error = Error::Headers("that is shorter than it says");

fn text(block: &mut &[u8]) -> Result<String, Error> {
    let length = block.try_get_u32().map_err(|_| TOO_SHORT)?;
    let (text, rest) = block.split_at_checked(length as usize).ok_or(TOO_SHORT)?;
    *block = rest;
    String::from_utf8(text.to_vec()).map_err(|_| Error::Headers("that is not UTF-8"))
}

/// Unpacks the blocks of one direction.
pub(crate) struct Unpacker(Inflate);

impl Unpacker {
    pub(crate) fn new() -> Self {
        Self(Inflate::new(true, MAX_WINDOW_BITS))
    }

    pub(crate) fn unpack(&mut self, mut packed: &[u8]) -> Result<Headers, Error> {
        let broken = Error::Headers("that zlib does not unpack");
        let (mut block, mut filled) = (Vec::new(), 0);
        loop {
            if filled == block.len() {
                block.resize(filled + STEP, 0);
            }
            if filled > MAX_BLOCK {
                return Err(Error::Headers("that is too large"));
            }
            let (read, written) = (self.0.total_in(), self.0.total_out());
            let status = match self.0.decompress(packed, &mut block[filled..], InflateFlush::SyncFlush) {
                Err(InflateError::NeedDict { .. }) => {
                    self.0
                        .set_dictionary(&dictionary())
                        .map_err(|_| Error::Headers("with an unknown dictionary"))?;
                    None
                }
                Err(_) => return Err(broken),
                Ok(status) => Some(status),
            };
            let (read, written) = ((self.0.total_in() - read) as usize, (self.0.total_out() - written) as usize);
            packed = packed.get(read..).unwrap_or_default();
            filled += written;
            match status {
                Some(Status::StreamEnd) => return Err(Error::Headers("that ends its direction's zlib stream")),
                // What is unpacked may still be held back where the room ends exactly.
                Some(_) if packed.is_empty() && filled < block.len() => break,
                Some(_) if read == 0 && written == 0 && filled < block.len() => return Err(broken),
                _ => {}
            }
        }
        Headers::read(&block[..filled])
    }
}

/// Packs the blocks of one direction.
pub(crate) struct Packer(Deflate);

impl Packer {
    pub(crate) fn new() -> Self {
        let mut deflate = Deflate::new(LEVEL, true, WINDOW_BITS);
        // Fails only on a stream that has begun.
        let _ = deflate.set_dictionary(&dictionary());
        Self(deflate)
    }

    pub(crate) fn pack(&mut self, headers: &Headers) -> Result<Vec<u8>, Error> {
        let block = headers.write();
        if block.len() > MAX_BLOCK {
            return Err(Error::Headers("that is too large"));
        }
        let mut left = block.as_slice();
        let (mut packed, mut filled) = (Vec::new(), 0);
        loop {
            if filled == packed.len() {
                packed.resize(filled + STEP, 0);
            }
            let (read, written) = (self.0.total_in(), self.0.total_out());
            self.0
                .compress(left, &mut packed[filled..], DeflateFlush::SyncFlush)
                .map_err(|_| Error::Headers("that zlib does not pack"))?;
            left = left.get((self.0.total_in() - read) as usize..).unwrap_or_default();
            filled += (self.0.total_out() - written) as usize;
            if left.is_empty() && filled < packed.len() {
                packed.truncate(filled);
                return Ok(packed);
            }
        }
    }
}
