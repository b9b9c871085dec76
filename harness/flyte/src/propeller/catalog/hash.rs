//! The hash that names datasets and tags: objecthash's of a message's JSON, as Flyte's library `pbhash` takes it.
//!
//! A value's hash is that of its kind's letter and its content; objects are their members' pairs of hashes, in order, so that no order of keys
//! counts. Numbers are binary fractions between a half and one.

use data_encoding::BASE64URL_NOPAD;
use prost::Message;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::propeller::data::DataError;
use crate::proto_json;

/// Most binary digits of a number.
const DIGITS_MAX: usize = 1000;

/// The hash of a message of this full name, in base64 for URLs.
///
/// # Errors
/// If the message has no JSON form.
pub(super) fn of(name: &str, message: &impl Message) -> Result<String, DataError> {
    let json = proto_json::json(name, message).map_err(|error| DataError(error.to_string()))?;
    Ok(BASE64URL_NOPAD.encode(&hash(&json)))
}

fn hash(value: &Value) -> [u8; 32] {
    match value {
        Value::Null => tagged(b'n', b""),
        Value::Bool(value) => tagged(b'b', if *value { b"1" } else { b"0" }),
        Value::String(text) => tagged(b'u', text.as_bytes()),
        Value::Number(number) => tagged(b'f', fraction(number.as_f64().unwrap_or_default()).as_bytes()),
        Value::Array(items) => tagged(b'l', &items.iter().flat_map(hash).collect::<Vec<u8>>()),
        Value::Object(members) => {
            let pairs = members
                .iter()
                .map(|(key, value)| [tagged(b'u', key.as_bytes()), hash(value)].concat());
            let mut pairs: Vec<Vec<u8>> = pairs.collect();
            pairs.sort();
            tagged(b'd', &pairs.concat())
        }
    }
}

fn tagged(kind: u8, content: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([kind]).chain_update(content).finalize().into()
}

/// Sign, exponent and binary digits of a number.
fn fraction(number: f64) -> String {
    if number == 0.0 {
        return "+0:".to_owned();
    }
    let sign = if number < 0.0 { '-' } else { '+' };
    let (mut rest, mut exponent) = (number.abs(), 0_i32);
    while rest > 1.0 {
        rest /= 2.0;
        exponent += 1;
    }
    while rest <= 0.5 {
        rest *= 2.0;
        exponent -= 1;
    }
    let mut text = format!("{sign}{exponent}:");
    while rest != 0.0 && text.len() < DIGITS_MAX {
        let whole = rest >= 1.0;
        text.push(if whole { '1' } else { '0' });
        rest = (rest - f64::from(u8::from(whole))) * 2.0;
    }
    text
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::json;

    use super::*;

    /// Values of objecthash's own tests (github.com/benlaurie/objecthash, `common_json.test`).
    #[test]
    fn hashes_are_those_of_objecthash() {
        for (value, expected) in [
            (json!([]), "acac86c0e609ca906f632b0e2dacccb2b77d22b0621f20ebece1a4835b93f6f0"),
            (json!(["foo"]), "268bc27d4974d9d576222e4cdbb8f7c6bd6791894098645a19eeca9c102d0964"),
            (json!({}), "18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4"),
        ] {
            assert_eq!(HEXLOWER.encode(&hash(&value)), expected, "{value}");
        }
    }

    #[test]
    fn numbers_are_binary_fractions() {
        for (number, expected) in [(0.0, "+0:"), (1.0, "+0:1"), (1.5, "+1:011"), (-3.0, "-2:011"), (0.25, "+-2:1")] {
            assert_eq!(fraction(number), expected, "{number}");
        }
    }
}
