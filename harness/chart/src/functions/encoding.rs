//! JSON, base64 and base32. YAML is with Helm's own functions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value, from_json, to_json, to_json_text};

pub(super) const TABLE: &[Function] = &[
    function("b64enc", 1, 1, |_, a| Ok(Value::str(STANDARD.encode(a.str(0)?)))),
    function("b64dec", 1, 1, b64dec),
    function("b32enc", 1, 1, |_, a| Ok(Value::str(b32(a.str(0)?.as_bytes())))),
    function("b32dec", 1, 1, b32dec),
    function("toJson", 1, 1, |_, a| {
        Ok(Value::str(to_json_text(a.get(0), true).unwrap_or_default()))
    }),
    function("mustToJson", 1, 1, |_, a| Ok(Value::str(to_json_text(a.get(0), true)?))),
    function("toRawJson", 1, 1, |_, a| Ok(Value::str(to_json_text(a.get(0), false)?))),
    function("mustToRawJson", 1, 1, |_, a| Ok(Value::str(to_json_text(a.get(0), false)?))),
    function("toPrettyJson", 1, 1, pretty),
    function("mustToPrettyJson", 1, 1, pretty),
    function("fromJson", 1, 1, |_, a| {
        // Helm's own variant: an error becomes a dict with the key Error.
        Ok(
            match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(a.str(0)?) {
                Ok(entries) => from_json(&serde_json::Value::Object(entries)),
                Err(error) => Value::map([("Error", Value::str(error.to_string()))]),
            },
        )
    }),
    function("mustFromJson", 1, 1, |_, a| {
        let json: serde_json::Value = serde_json::from_str(a.str(0)?).map_err(|e| Fault::call(e.to_string()))?;
        Ok(from_json(&json))
    }),
    function("fromJsonArray", 1, 1, |_, a| {
        Ok(match serde_json::from_str::<Vec<serde_json::Value>>(a.str(0)?) {
            Ok(items) => Value::list(items.iter().map(from_json).collect()),
            Err(error) => Value::list(vec![Value::str(error.to_string())]),
        })
    }),
];

/// Go's `base64.StdEncoding.DecodeString`, which skips line breaks; the error is Go's.
pub(super) fn base64_decoded(text: &str) -> std::result::Result<Vec<u8>, String> {
    let joined = text.replace(['\n', '\r'], "");
    STANDARD
        .decode(joined)
        .map_err(|_| format!("illegal base64 data at input byte {}", base64_fault(text)))
}

/// Where Go's decoder stops: at the first byte that does not fit.
fn base64_fault(text: &str) -> usize {
    let mut symbols = 0;
    let mut padding = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' | b'\r' => {}
            b'=' if padding == 0 && symbols % 4 >= 2 => padding = (symbols % 4) + 1,
            b'=' if padding == 3 => padding = 4,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => symbols += 1,
            _ => return at,
        }
    }
    text.len()
}

fn b64dec(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let bytes = match base64_decoded(a.str(0)?) {
        Ok(bytes) => bytes,
        // Sprig returns the error's text as the value.
        Err(error) => return Ok(Value::str(error)),
    };
    let text = String::from_utf8(bytes);
    text.map(Value::str)
        .map_err(|_| Fault::unsupported("b64dec of data that is not UTF-8 is not supported"))
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn b32(bytes: &[u8]) -> String {
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

fn b32dec(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (mut bits, mut count, mut out) = (0u32, 0, Vec::new());
    for c in a.str(0)?.trim_end_matches('=').bytes() {
        let Some(value) = ALPHABET.iter().position(|symbol| *symbol == c) else {
            return Err(Fault::call("illegal base32 data"));
        };
        bits = (bits << 5) | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    let text = String::from_utf8(out);
    text.map(Value::str)
        .map_err(|_| Fault::unsupported("b32dec of data that is not UTF-8 is not supported"))
}

fn pretty(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let text = serde_json::to_string_pretty(&to_json(a.get(0))?).map_err(|e| Fault::call(e.to_string()))?;
    Ok(Value::str(
        text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"),
    ))
}
