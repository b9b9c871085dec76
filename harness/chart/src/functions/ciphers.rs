//! `encryptAES` and `decryptAES`: AES-256 in CBC mode with PKCS#7 padding, base64 of the initial vector and the blocks.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use rand::RngExt;

use super::{Args, Function, base_n, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[function("encryptAES", 2, 2, encrypt), function("decryptAES", 2, 2, decrypt)];

const BLOCK: usize = 16;

/// The password's first 32 bytes, filled up with zeros.
fn key(password: &str) -> [u8; 32] {
    let mut key = [0; 32];
    let used = password.len().min(key.len());
    key[..used].copy_from_slice(&password.as_bytes()[..used]);
    key
}

/// The initial vector comes from the rendering's seed.
fn encrypt(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (password, text) = (a.str(0)?, a.str(1)?);
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let iv: [u8; BLOCK] = engine.rng.random();
    let encryptor = cbc::Encryptor::<Aes256>::new(&key(password).into(), &iv.into());
    let blocks = encryptor.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
    Ok(Value::str(STANDARD.encode([&iv[..], &blocks].concat())))
}

/// As Go, this takes away as many bytes as the last one says, whatever they are.
fn decrypt(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (password, text) = (a.str(0)?, a.str(1)?);
    if text.is_empty() {
        return Ok(Value::str(""));
    }
    let bytes = base_n::base64(text).map_err(Fault::call)?;
    let Some((iv, blocks)) = bytes.split_first_chunk::<BLOCK>() else {
        return Err(Fault::call(format!(
            "runtime error: slice bounds out of range [:16] with capacity {}",
            bytes.len()
        )));
    };
    if blocks.len() % BLOCK != 0 {
        return Err(Fault::call("crypto/cipher: input not full blocks"));
    }
    let decryptor = cbc::Decryptor::<Aes256>::new(&key(password).into(), iv.into());
    let mut plain = decryptor
        .decrypt_padded_vec::<NoPadding>(blocks)
        .map_err(|error| Fault::call(error.to_string()))?;
    let padding = plain.last().copied().map(usize::from);
    match padding.and_then(|padding| plain.len().checked_sub(padding)) {
        Some(length) => plain.truncate(length),
        None if plain.is_empty() => return Err(Fault::call("runtime error: index out of range [-1]")),
        None => return Err(Fault::call("runtime error: slice bounds out of range")),
    }
    let text = String::from_utf8(plain);
    text.map(Value::str)
        .map_err(|_| Fault::unsupported("decryptAES of data that is not UTF-8 is not supported"))
}
