//! Identifiers of bounded length.

/// Flyte's base32 alphabet: its ids must be DNS labels.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz123456";

/// `id` itself if it has at most `max` bytes, else `f` and the base32 form of `hash(id)`.
pub(super) fn bounded<const N: usize>(id: String, max: usize, hash: impl Fn(&[u8]) -> [u8; N]) -> String {
    if id.len() <= max {
        return id;
    }
    format!("f{}", base32(&hash(id.as_bytes())))
}

/// RFC 4648 base32 without padding, in Flyte's alphabet.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(buffer >> bits));
        }
    }
    if bits > 0 {
        text.push(digit(buffer << (5 - bits)));
    }
    text
}

fn digit(value: u32) -> char {
    char::from(ALPHABET[(value & 31) as usize])
}
