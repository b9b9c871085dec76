//! Service accounts' tokens as an identity provider's relying party sees them: JWTs, and the keys that they are signed with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

/// What a token says, its signature not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
    /// Seconds since 1970.
    pub(crate) expires: i64,
    algorithm: String,
    key_id: String,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Reads a token; `None` if it is none.
    pub(crate) fn read(text: &'t str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let json = |part: &str| serde_json::from_slice::<Value>(&BASE64.decode(part).ok()?).ok();
        let (header, payload) = (json(header)?, json(payload)?);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let audiences = match &payload["aud"] {
            Value::Array(values) => values.iter().filter_map(text).collect(),
            one => text(one).into_iter().collect(),
        };
        Some(Self {
            issuer: text(&payload["iss"])?,
            subject: text(&payload["sub"])?,
            audiences,
            expires: payload["exp"].as_i64()?,
            algorithm: text(&header["alg"])?,
            key_id: text(&header["kid"]).unwrap_or_default(),
            signed,
            signature: BASE64.decode(signature).ok()?,
        })
    }
}

/// The public keys of an issuer: what its `/openid/v1/jwks` answers.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: String,
    key: PublicKey,
}

#[derive(Clone, Debug)]
enum PublicKey {
    /// An uncompressed point of P-256.
    P256(Vec<u8>),
    /// Modulus and exponent.
    Rsa(Vec<u8>, Vec<u8>),
}

/// The text is no JSON Web Key Set with a usable key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no JSON Web Key Set with a key of the type EC (P-256) or RSA")]
pub struct InvalidKeys;

impl KeySet {
    /// Reads a JSON Web Key Set.
    ///
    /// # Errors
    /// If it is none, or has no key of a type that clusters use.
    pub fn read(text: &[u8]) -> Result<Self, InvalidKeys> {
        let set: Value = serde_json::from_slice(text).map_err(|_| InvalidKeys)?;
        let keys: Vec<Key> = set["keys"].as_array().into_iter().flatten().filter_map(Key::read).collect();
        if keys.is_empty() { Err(InvalidKeys) } else { Ok(Self(keys)) }
    }

    /// Whether one of the keys has signed the token.
    pub(crate) fn verifies(&self, token: &Token<'_>) -> bool {
        let named = self.0.iter().filter(|key| key.id == token.key_id);
        named.into_iter().any(|key| key.verifies(token))
    }
}

impl Key {
    fn read(key: &Value) -> Option<Self> {
        let bytes = |name: &str| BASE64.decode(key[name].as_str()?).ok();
        let public = match (key["kty"].as_str()?, key["crv"].as_str()) {
            ("EC", Some("P-256")) => PublicKey::P256([vec![4], bytes("x")?, bytes("y")?].concat()),
            ("RSA", _) => PublicKey::Rsa(bytes("n")?, bytes("e")?),
            _ => return None,
        };
        Some(Self {
            id: key["kid"].as_str().unwrap_or_default().to_owned(),
            key: public,
        })
    }

    fn verifies(&self, token: &Token<'_>) -> bool {
        let (signed, signature) = (token.signed.as_bytes(), token.signature.as_slice());
        match (&self.key, token.algorithm.as_str()) {
            (PublicKey::P256(point), "ES256") => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, signature)
                .is_ok(),
            (PublicKey::Rsa(n, e), "RS256") => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            _ => false,
        }
    }
}
