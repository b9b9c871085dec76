//! Checksums.

use ring::digest;
use sha2::{Digest, Sha256, Sha512};

use super::{Function, function};
use crate::template::Value;

pub(super) const TABLE: &[Function] = &[
    function("sha1sum", 1, 1, |_, a| {
        let sum = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, a.str(0)?.as_bytes());
        Ok(Value::str(hex(sum.as_ref())))
    }),
    function("sha256sum", 1, 1, |_, a| Ok(Value::str(hex(&Sha256::digest(a.str(0)?))))),
    function("sha512sum", 1, 1, |_, a| Ok(Value::str(hex(&Sha512::digest(a.str(0)?))))),
    function("adler32sum", 1, 1, |_, a| {
        let (low, high) = a.str(0)?.bytes().fold((1u32, 0u32), |(low, high), byte| {
            let low = (low + u32::from(byte)) % 65521;
            (low, (high + low) % 65521)
        });
        Ok(Value::str(((high << 16) | low).to_string()))
    }),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
