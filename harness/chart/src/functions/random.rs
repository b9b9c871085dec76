//! Random text, from the rendering's seed: the same seed gives the same text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("randAlphaNum", 1, 1, |e, a| {
        pick(e, a, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    }),
    function("randAlpha", 1, 1, |e, a| {
        pick(e, a, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    }),
    function("randNumeric", 1, 1, |e, a| pick(e, a, b"0123456789")),
    function("randAscii", 1, 1, |engine, a| {
        let text: String = (0..a.size(0)?).map(|_| char::from(engine.rng.random_range(b' '..=b'~'))).collect();
        Ok(Value::str(text))
    }),
    function("randInt", 2, 2, |engine, a| {
        let (least, below) = (a.size(0)?, a.size(1)?);
        if least >= below {
            return Err(Fault::call("invalid argument to Intn"));
        }
        Ok(Value::Int(engine.rng.random_range(least..below) as i64))
    }),
    function("randBytes", 1, 1, |engine, a| {
        let bytes: Vec<u8> = (0..a.size(0)?).map(|_| engine.rng.random()).collect();
        Ok(Value::str(STANDARD.encode(bytes)))
    }),
    function("shuffle", 1, 1, |engine, a| {
        let mut characters: Vec<char> = a.str(0)?.chars().collect();
        characters.shuffle(&mut engine.rng);
        Ok(Value::str(characters.iter().collect::<String>()))
    }),
    function("uuidv4", 0, 0, |engine, _| {
        let mut bytes: [u8; 16] = engine.rng.random();
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        Ok(Value::str(parts.join("-")))
    }),
];

fn pick(engine: &mut Engine, a: &Args<'_>, alphabet: &[u8]) -> Result<Value> {
    let text: String = (0..a.size(0)?)
        .map(|_| char::from(alphabet[engine.rng.random_range(0..alphabet.len())]))
        .collect();
    Ok(Value::str(text))
}
