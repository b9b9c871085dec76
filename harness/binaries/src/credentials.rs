//! Who talks to the API server.

use simnet::http::Access;
use simnet::tls::Authority;

use crate::StartError;

/// Who talks to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Who may do everything.
    Admin,
    /// Somebody with a certificate.
    User {
        /// The user's name.
        name: String,
        /// The user's group, if any.
        group: Option<String>,
    },
    /// Whom a bearer token names.
    Token(String),
    /// Somebody without credentials.
    Nobody,
}

impl Credentials {
    /// What to show to the server at `url`, whose authority this is.
    pub(crate) fn access(&self, url: &str, authority: &Authority) -> Result<Access, StartError> {
        let mut access = Access {
            server: url.to_owned(),
            ca_pem: authority.pem().to_owned(),
            ..Access::default()
        };
        match self {
            Self::Admin => access.client = Some(authority.issue_client("admin", Some("system:masters"))?),
            Self::User { name, group } => access.client = Some(authority.issue_client(name, group.as_deref())?),
            Self::Token(token) => access.token = Some(token.clone()),
            Self::Nobody => {}
        }
        Ok(access)
    }
}
