//! Percent escapes in the parts of a URL, as Go's package `net/url` has them.

/// A part of a URL; each lets other characters stand for themselves.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Part {
    Path,
    Host,
    User,
    Fragment,
}

impl Part {
    fn allows(self, byte: u8) -> bool {
        let more = match self {
            Part::Path => "$&+,/:;=@",
            Part::Host => "!$&'()*+,;=:[]<>\"",
            Part::User => "$&+,;=",
            Part::Fragment => "$&+,/:;=?@!()*",
        };
        byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || more.as_bytes().contains(&byte)
    }
}

/// The text without escapes.
///
/// # Errors
/// Go's words.
pub(super) fn unescaped(text: &str, part: Part) -> Result<String, String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'%' => {
                let digits = text
                    .get(at + 1..at + 3)
                    .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                // In a host only what is not ASCII may be escaped.
                let value = value.filter(|value| part != Part::Host || *value >= 0x80);
                let shown: String = text[at..].chars().take(3).collect();
                out.push(value.ok_or_else(|| format!("invalid URL escape {}", crate::template::quoted(&shown)))?);
                bytes.nth(1);
            }
            byte if part == Part::Host && byte.is_ascii() && !part.allows(byte) => {
                let shown = crate::template::quoted(&char::from(byte).to_string());
                return Err(format!("invalid character {shown} in host name"));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).map_err(|_| "escapes that are not UTF-8 are not supported by the native renderer".into())
}

/// The text with escapes.
pub(super) fn escaped(text: &str, part: Part) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if part.allows(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
