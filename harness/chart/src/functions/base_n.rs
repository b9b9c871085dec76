//! Base64 and base32 as Go decodes them, with its errors.

/// The error at a byte.
fn illegal(base: u32, at: usize) -> String {
    format!("illegal base{base} data at input byte {at}")
}

fn sextet(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// `base64.StdEncoding.DecodeString`: line breaks are skipped, unused bits may be anything.
///
/// # Errors
/// Go's words.
pub(super) fn base64(text: &str) -> Result<Vec<u8>, String> {
    let source = text.as_bytes();
    let broken = |at: usize| matches!(source.get(at), Some(b'\n' | b'\r'));
    let skipped = |mut at: usize| {
        while broken(at) {
            at += 1;
        }
        at
    };
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let (mut bits, mut symbols) = (0, 0);
        while symbols < 4 {
            at = skipped(at);
            let Some(&byte) = source.get(at) else {
                return if symbols == 0 { Ok(out) } else { Err(illegal(64, at - symbols)) };
            };
            at += 1;
            if let Some(value) = sextet(byte) {
                bits = (bits << 6) | value;
                symbols += 1;
                continue;
            }
            if byte != b'=' || symbols < 2 {
                return Err(illegal(64, at - 1));
            }
            if symbols == 2 {
                at = skipped(at);
                match source.get(at) {
                    None => return Err(illegal(64, source.len())),
                    Some(b'=') => at += 1,
                    Some(_) => return Err(illegal(64, at - 1)),
                }
            }
            at = skipped(at);
            if at < source.len() {
                return Err(illegal(64, at));
            }
            bits <<= 6 * (4 - symbols);
            out.extend_from_slice(&bits.to_be_bytes()[1..symbols]);
            return Ok(out);
        }
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `base32.StdEncoding.EncodeToString`.
pub(super) fn base32_text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0u8; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let used = (chunk.len() * 8).div_ceil(5);
        for i in 0..8 {
            let symbol = ALPHABET[(bits >> (35 - 5 * i)) as usize & 31];
            out.push(if i < used { char::from(symbol) } else { '=' });
        }
    }
    out
}

/// `base32.StdEncoding.DecodeString`.
///
/// # Errors
/// Go's words.
pub(super) fn base32(text: &str) -> Result<Vec<u8>, String> {
    let source: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let (mut bits, mut symbols) = (0u64, 0);
        while symbols < 8 {
            let Some(&byte) = source.get(at) else {
                return Err(illegal(32, at - symbols));
            };
            at += 1;
            let left = source.len() - at;
            if byte == b'=' && symbols >= 2 && left < 8 {
                if left + symbols < 7 {
                    return Err(illegal(32, source.len()));
                }
                if let Some(wrong) = source[at..].iter().take(7 - symbols).position(|byte| *byte != b'=') {
                    return Err(illegal(32, at + wrong - 1));
                }
                if matches!(symbols, 3 | 6) {
                    return Err(illegal(32, at - 1));
                }
                bits <<= 5 * (8 - symbols);
                out.extend_from_slice(&bits.to_be_bytes()[3..3 + symbols * 5 / 8]);
                return Ok(out);
            }
            let value = ALPHABET.iter().position(|symbol| *symbol == byte);
            bits = (bits << 5) | value.ok_or_else(|| illegal(32, at - 1))? as u64;
            symbols += 1;
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    Ok(out)
}
