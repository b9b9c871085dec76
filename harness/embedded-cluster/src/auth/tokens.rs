//! Service-account tokens: JWTs signed with ES256, issued and verified by this cluster alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::value::{Map, Value, json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

/// Issuer of a cluster's tokens where it is given none, as kubeadm has it.
pub(crate) const DEFAULT_ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Issuer of tokens in `kubernetes.io/service-account-token` Secrets.
const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// Tokens whose signature is remembered. A signature once right stays right, so that only memory is a reason to forget one.
const REMEMBERED: usize = 1024;

/// What stands before the point in the SubjectPublicKeyInfo of a P-256 key (RFC 5480): the algorithm, and the bit string's head.
const SPKI_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
    0x07, 0x03, 0x42, 0x00,
];

/// The cluster's signing key.
pub(crate) struct Tokens {
    /// Issuer of all tokens, and the audience of the API server itself.
    issuer: String,
    key: EcdsaKeyPair,
    random: SystemRandom,
    key_id: String,
    /// Checking a signature costs more than all else that a small request does.
    verified: Mutex<HashMap<String, Arc<Claims>>>,
    /// Tokens that were shown here and that another key signed: how often, by the key's id.
    foreign: Mutex<BTreeMap<String, u64>>,
}

/// An object that a token is bound to; the token dies with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) name: String,
    pub(crate) uid: String,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) namespace: String,
    pub(crate) service_account: Bound,
    pub(crate) pod: Option<Bound>,
    pub(crate) secret: Option<Bound>,
    pub(crate) node: Option<Bound>,
    /// Empty for legacy tokens, which are for the API server.
    pub(crate) audiences: Vec<String>,
    /// Seconds since 1970.
    pub(crate) issued_at: i64,
    /// Seconds since 1970; none for legacy tokens, which live as long as their Secret.
    pub(crate) expires_at: Option<i64>,
    /// When clients should have renewed it, for tokens whose life was extended.
    pub(crate) warn_after: Option<i64>,
    pub(crate) id: String,
}

/// A token was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not a token of this cluster.
    #[error("invalid bearer token")]
    Invalid,
}

impl Tokens {
    /// A signing key from fresh random numbers.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn generate(issuer: &str) -> Result<Self, ring::error::Unspecified> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
        Self::from_pkcs8(issuer, document.as_ref())
    }

    /// A signing key that is there already: P-256, PKCS #8.
    ///
    /// # Errors
    /// When it is no such key.
    pub(crate) fn from_pkcs8(issuer: &str, document: &[u8]) -> Result<Self, ring::error::Unspecified> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document, &random).map_err(|_| ring::error::Unspecified)?;
        // As kube-apiserver has it: of the public key's own form in certificates.
        let key_id = BASE64.encode(Sha256::new().chain_update(SPKI_P256).chain_update(key.public_key()).finalize());
        Ok(Self {
            issuer: issuer.to_owned(),
            key,
            random,
            key_id,
            verified: Mutex::default(),
            foreign: Mutex::default(),
        })
    }

    /// The issuer of all tokens, which is the audience of the API server, too.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The token for these claims.
    ///
    /// # Errors
    /// When signing fails for want of random numbers.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, ring::error::Unspecified> {
        let header = json!({"alg": "ES256", "kid": self.key_id});
        let payload = if claims.expires_at.is_some() {
            claims.payload(&self.issuer)
        } else {
            claims.legacy_payload()
        };
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(payload.to_string()));
        let signature = self.key.sign(&self.random, signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64.encode(signature)))
    }

    /// What a token of this cluster says. Expiry, audience and bound objects are the caller's.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] for everything that this cluster did not sign.
    pub(crate) fn verify(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        if let Some(claims) = self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(token) {
            return Ok(claims.clone());
        }
        let claims = match self.check(token) {
            Ok(claims) => Arc::new(claims),
            Err(error) => {
                self.note_foreign(token);
                return Err(error);
            }
        };
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(token.to_owned(), claims.clone());
        Ok(claims)
    }

    /// The id of the key, as tokens name it.
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Ids of other keys whose tokens were shown here, and how often.
    pub(crate) fn foreign(&self) -> BTreeMap<String, u64> {
        self.foreign.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_foreign(&self, token: &str) {
        let header = token.split('.').next().unwrap_or_default();
        let header = BASE64
            .decode(header)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(key) = header
            .as_ref()
            .and_then(|header| header["kid"].as_str())
            .filter(|key| *key != self.key_id)
        else {
            return;
        };
        let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if foreign.len() < REMEMBERED || foreign.contains_key(key) {
            *foreign.entry(key.to_owned()).or_default() += 1;
        }
    }

    fn check(&self, token: &str) -> Result<Claims, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (_, payload) = signed.split_once('.').ok_or(TokenError::Invalid)?;
        let signature = BASE64.decode(signature).map_err(|_| TokenError::Invalid)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| TokenError::Invalid)?;
        let payload = BASE64.decode(payload).map_err(|_| TokenError::Invalid)?;
        let payload: Value = serde_json::from_slice(&payload).map_err(|_| TokenError::Invalid)?;
        Claims::read(&payload).ok_or(TokenError::Invalid)
    }

    /// The public key as a JSON Web Key Set.
    pub(crate) fn key_set(&self) -> Value {
        // An uncompressed point: 4, then x and y of 32 bytes each.
        let point = self.key.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32.min(point.len().saturating_sub(1)));
        json!({"keys": [{
            "use": "sig", "kty": "EC", "kid": self.key_id, "alg": "ES256", "crv": "P-256",
            "x": BASE64.encode(x), "y": BASE64.encode(y),
        }]})
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Claims {
    /// The user name that the token stands for.
    pub(crate) fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.service_account.name)
    }

    fn payload(&self, issuer: &str) -> Value {
        let bound = |b: &Bound| json!({"name": b.name, "uid": b.uid});
        let mut private = Map::new();
        private.insert("namespace", self.namespace.clone().into());
        private.insert("serviceaccount", bound(&self.service_account));
        for (field, object) in [("pod", &self.pod), ("secret", &self.secret), ("node", &self.node)] {
            if let Some(object) = object {
                private.insert(field, bound(object));
            }
        }
        if let Some(warn_after) = self.warn_after {
            private.insert("warnafter", warn_after.into());
        }
        json!({
            "iss": issuer, "sub": self.subject(), "aud": self.audiences, "jti": self.id,
            "iat": self.issued_at, "nbf": self.issued_at, "exp": self.expires_at, "kubernetes.io": private,
        })
    }

    fn legacy_payload(&self) -> Value {
        let secret = self.secret.as_ref().map(|s| s.name.as_str()).unwrap_or_default();
        json!({
            "iss": LEGACY_ISSUER, "sub": self.subject(),
            "kubernetes.io/serviceaccount/namespace": self.namespace,
            "kubernetes.io/serviceaccount/secret.name": secret,
            "kubernetes.io/serviceaccount/service-account.name": self.service_account.name,
            "kubernetes.io/serviceaccount/service-account.uid": self.service_account.uid,
        })
    }

    fn read(payload: &Value) -> Option<Self> {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        if payload["iss"] == LEGACY_ISSUER {
            let field = |name: &str| text(&payload[format!("kubernetes.io/serviceaccount/{name}")]);
            return Some(Self {
                namespace: field("namespace")?,
                service_account: Bound {
                    name: field("service-account.name")?,
                    uid: field("service-account.uid")?,
                },
                pod: None,
                secret: Some(Bound {
                    name: field("secret.name")?,
                    uid: String::new(),
                }),
                node: None,
                audiences: vec![],
                issued_at: 0,
                expires_at: None,
                warn_after: None,
                id: String::new(),
            });
        }
        let private = &payload["kubernetes.io"];
        let bound = |v: &Value| {
            Some(Bound {
                name: text(&v["name"])?,
                uid: text(&v["uid"])?,
            })
        };
        Some(Self {
            namespace: text(&private["namespace"])?,
            service_account: bound(&private["serviceaccount"])?,
            pod: bound(&private["pod"]),
            secret: bound(&private["secret"]),
            node: bound(&private["node"]),
            audiences: payload["aud"].as_array()?.iter().filter_map(text).collect(),
            issued_at: payload["iat"].as_i64()?,
            expires_at: Some(payload["exp"].as_i64()?),
            warn_after: private["warnafter"].as_i64(),
            id: text(&payload["jti"])?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_tokens_verify_and_spoilt_ones_do_not() {
        let tokens = Tokens::generate(DEFAULT_ISSUER).unwrap();
        let claims = Claims {
            namespace: "flyte".into(),
            service_account: Bound {
                name: "flyteadmin".into(),
                uid: "u".into(),
            },
            pod: Some(Bound {
                name: "p".into(),
                uid: "v".into(),
            }),
            secret: None,
            node: None,
            audiences: vec![DEFAULT_ISSUER.into()],
            issued_at: 1000,
            expires_at: Some(4600),
            warn_after: None,
            id: "j".into(),
        };
        let token = tokens.sign(&claims).unwrap();
        assert_eq!(*tokens.verify(&token).unwrap(), claims);
        assert_eq!(*tokens.verify(&token).unwrap(), claims, "from memory");
        assert_eq!(tokens.verify(&token[..token.len() - 2]), Err(TokenError::Invalid));
        assert!(tokens.foreign().is_empty(), "a spoilt token of our own is not foreign");
        let other = Tokens::generate(DEFAULT_ISSUER).unwrap();
        assert_eq!(other.verify(&token), Err(TokenError::Invalid));
        assert_eq!(other.verify("no token"), Err(TokenError::Invalid));
        assert_eq!(other.foreign(), BTreeMap::from([(tokens.key_id().to_owned(), 1)]));
        let legacy = Claims {
            pod: None,
            expires_at: None,
            issued_at: 0,
            audiences: vec![],
            id: String::new(),
            secret: Some(Bound {
                name: "s".into(),
                uid: String::new(),
            }),
            ..claims
        };
        assert_eq!(*tokens.verify(&tokens.sign(&legacy).unwrap()).unwrap(), legacy);
    }
}
