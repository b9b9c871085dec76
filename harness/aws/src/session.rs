//! Sessions of roles, and their credentials.

use std::fmt;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

/// Letters of access keys.
const KEY_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters of secrets and tokens.
const SECRET_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What a client signs with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `ASIA` and 16 letters.
    pub access_key: String,
    /// The secret.
    pub secret: String,
    /// Sent along with every request.
    pub token: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// New ones; `None` if the system has no random numbers.
    pub(crate) fn random() -> Option<Self> {
        Some(Self {
            access_key: format!("ASIA{}", random(KEY_LETTERS, 16)?),
            secret: random(SECRET_LETTERS, 40)?,
            token: format!("IQoJb3JpZ2luX2Vj{}", random(SECRET_LETTERS, 200)?),
        })
    }
}

fn random(letters: &[u8], length: usize) -> Option<String> {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).ok()?;
    // Both alphabets are powers of two, so that every letter is as likely as any other.
    Some(
        bytes
            .iter()
            .map(|byte| char::from(letters[usize::from(*byte) % letters.len()]))
            .collect(),
    )
}

/// A session of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The role's name.
    pub role: String,
    /// The session's name.
    pub name: String,
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// When it ends.
    pub expires: Timestamp,
    /// What its owner signs with.
    pub credentials: Credentials,
}
