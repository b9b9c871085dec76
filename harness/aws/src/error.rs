//! What STS and S3 answer to who is refused: their codes and words, which clients key on.

use http::StatusCode;

/// A refusal of STS. The codes are those that AWS documents for `AssumeRoleWithWebIdentity` and for all query APIs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StsError {
    /// The trust policy does not let the token's subject, or there is no such role: AWS does not tell which.
    #[error("Not authorized to perform {action}")]
    AccessDenied {
        /// The action.
        action: &'static str,
    },
    /// The token's life is over.
    #[error("Token expired: current date/time {now} must be before the expiration date/time {expired}")]
    ExpiredToken {
        /// Seconds since 1970.
        now: i64,
        /// Seconds since 1970.
        expired: i64,
    },
    /// The token cannot be read, or is of nobody whom the account knows.
    #[error("{0}")]
    InvalidIdentityToken(String),
    /// A parameter is wrong.
    #[error("{0}")]
    Validation(String),
    /// A parameter is not there.
    #[error("{0}")]
    MissingParameter(String),
    /// There is no `Action`.
    #[error("No operation was requested")]
    MissingAction,
    /// STS has no such action, or the stand-in has not.
    #[error("Could not find operation {0} for version 2011-06-15")]
    InvalidAction(String),
    /// The request is signed by nobody, or wrongly.
    #[error("{0}")]
    Signature(S3Error),
}

impl StsError {
    /// The code in the answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AccessDenied { .. } => "AccessDenied",
            Self::ExpiredToken { .. } => "ExpiredTokenException",
            Self::InvalidIdentityToken(_) => "InvalidIdentityToken",
            Self::Validation(_) => "ValidationError",
            Self::MissingParameter(_) => "MissingParameter",
            Self::MissingAction => "MissingAction",
            Self::InvalidAction(_) => "InvalidAction",
            Self::Signature(S3Error::AccessDenied(_)) => "MissingAuthenticationToken",
            Self::Signature(S3Error::InvalidAccessKeyId | S3Error::InvalidToken) => "InvalidClientTokenId",
            Self::Signature(error) => error.code(),
        }
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::AccessDenied { .. } | Self::Signature(_) => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// A refusal of S3, as far as identity goes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum S3Error {
    /// Nobody is let in without credentials, or nobody with these.
    #[error("{0}")]
    AccessDenied(String),
    /// No session has this key.
    #[error("The AWS Access Key Id you provided does not exist in our records.")]
    InvalidAccessKeyId,
    /// The session's token is not there, or another's.
    #[error("The provided token is malformed or otherwise invalid.")]
    InvalidToken,
    /// The session is over.
    #[error("The provided token has expired.")]
    ExpiredToken,
    /// The signature is not this key's for this request.
    #[error("The request signature we calculated does not match the signature you provided. Check your key and signing method.")]
    SignatureDoesNotMatch,
    /// The signature's parts cannot be read.
    #[error("The authorization header is malformed; {0}")]
    Malformed(String),
    /// The request was signed at another time.
    #[error("The difference between the request time and the current time is too large.")]
    RequestTimeTooSkewed,
}

impl S3Error {
    /// The code in the answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AccessDenied(_) => "AccessDenied",
            Self::InvalidAccessKeyId => "InvalidAccessKeyId",
            Self::InvalidToken => "InvalidToken",
            Self::ExpiredToken => "ExpiredToken",
            Self::SignatureDoesNotMatch => "SignatureDoesNotMatch",
            Self::Malformed(_) => "AuthorizationHeaderMalformed",
            Self::RequestTimeTooSkewed => "RequestTimeTooSkewed",
        }
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::InvalidToken | Self::ExpiredToken | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }
}
