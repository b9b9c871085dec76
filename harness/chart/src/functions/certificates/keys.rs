//! Private keys in the forms that Go writes: PKCS#1 for RSA, SEC 1 for ECDSA, PKCS#8 for Ed25519.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;

use crate::template::{Fault, Result};

/// A key pair and its text.
pub(super) struct Key {
    pub(super) pair: KeyPair,
    pub(super) pem: String,
}

// Tags of DER.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// `rsaEncryption` with its null parameter.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

impl Key {
    /// A new key on the curve P-256.
    pub(super) fn generate() -> Result<Self> {
        let pair = KeyPair::generate().map_err(|error| Fault::call(error.to_string()))?;
        Self::with_text(pair).map_err(Fault::call)
    }

    pub(super) fn generate_ed25519() -> Result<Self> {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(|error| Fault::call(error.to_string()))?;
        Self::with_text(pair).map_err(Fault::call)
    }

    /// Reads a key of any of the forms.
    ///
    /// # Errors
    /// Go's words where it says more than what the reader here does.
    pub(super) fn from_pem(pem: &str) -> std::result::Result<Self, String> {
        let (kind, der) = pem_contents(pem).ok_or("no PEM data in input")?;
        let pkcs8 = match kind.as_str() {
            "PRIVATE KEY" => der,
            "RSA PRIVATE KEY" => pkcs8(RSA, &der),
            "EC PRIVATE KEY" => {
                let curve = [P256, P384]
                    .into_iter()
                    .find(|curve| der.windows(curve.len()).any(|part| part == *curve));
                pkcs8(
                    &[EC, curve.ok_or("parsing EC private key from PEM: unknown elliptic curve")?].concat(),
                    &der,
                )
            }
            "DSA PRIVATE KEY" => return Err("DSA keys are not supported by the native renderer".into()),
            _ if kind.ends_with(" PRIVATE KEY") => return Err(format!("invalid private key type {kind}")),
            _ => return Err(format!("no private key data in PEM block of type {kind}")),
        };
        let pair = KeyPair::try_from(pkcs8).map_err(|error| format!("decoding PEM as PKCS#8: {error}"))?;
        Self::with_text(pair)
    }

    fn with_text(pair: KeyPair) -> std::result::Result<Self, String> {
        let der = pair.serialized_der();
        let pem = text(&pair, der).ok_or("the key is of no known form")?;
        Ok(Key { pair, pem })
    }
}

fn text(pair: &KeyPair, pkcs8: &[u8]) -> Option<String> {
    let (_, fields, _) = element(pkcs8)?;
    let (_, _, rest) = element(fields)?;
    let (_, algorithm, rest) = element(rest)?;
    let (_, private, _) = element(rest)?;
    Some(if algorithm.starts_with(RSA) {
        pem_block("RSA PRIVATE KEY", private)
    } else if let Some(curve) = algorithm.strip_prefix(EC) {
        let (_, fields, _) = element(private)?;
        let (_, _, rest) = element(fields)?;
        let (_, scalar, _) = element(rest)?;
        let public = [&[0][..], pair.public_key_raw()].concat();
        let sec1 = [
            der(INTEGER, &[1]),
            der(OCTETS, scalar),
            der(0xa0, curve),
            der(0xa1, &der(BIT_STRING, &public)),
        ];
        pem_block("EC PRIVATE KEY", &der(SEQUENCE, &sec1.concat()))
    } else {
        let plain = [der(INTEGER, &[0]), der(SEQUENCE, algorithm), der(OCTETS, private)];
        pem_block("PRIVATE KEY", &der(SEQUENCE, &plain.concat()))
    })
}

fn pkcs8(algorithm: &[u8], private: &[u8]) -> Vec<u8> {
    let fields = [der(INTEGER, &[0]), der(SEQUENCE, algorithm), der(OCTETS, private)];
    der(SEQUENCE, &fields.concat())
}

/// An element of DER.
fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(contents);
    out
}

/// The first element: its tag, its contents and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest)
        }
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// The first block of PEM: its type and contents.
pub(super) fn pem_contents(text: &str) -> Option<(String, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
    let joined: String = body.split_whitespace().collect();
    Some((kind.to_owned(), STANDARD.decode(joined).ok()?))
}

/// A block of PEM, in lines of 64 characters.
pub(super) fn pem_block(kind: &str, contents: &[u8]) -> String {
    let body = STANDARD.encode(contents);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}
