//! What went wrong, in the words of Go's client.

use std::io;

use http::uri::InvalidUri;
use rustls::CertificateError;
use thiserror::Error as ThisError;

use crate::tls::TlsError;

/// Why a request could not be made or answered.
#[derive(Debug, ThisError)]
pub enum HttpError {
    /// The server's URL cannot be read.
    #[error("{0}: {1}")]
    Url(String, InvalidUri),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The token cannot stand in a header. The text is that of Go's client.
    #[error("net/http: invalid header field value for \"Authorization\"")]
    Token,
    /// The request could not be put together.
    #[error(transparent)]
    Request(#[from] http::Error),
    /// The server's name does not resolve.
    #[error("{0}")]
    NoSuchHost(String),
    /// Nothing listens there, or nothing stands behind the name.
    #[error("{0}")]
    Refused(String),
    /// No answer in time.
    #[error("{0}")]
    TimedOut(String),
    /// The server's certificate is not to be trusted. The text is that of Go's client.
    #[error("tls: failed to verify certificate: x509: {0}")]
    Certificate(String),
    /// The connection broke.
    #[error("{0}")]
    Transport(String),
}

impl HttpError {
    /// Finds the innermost cause: hyper's own message says only that sending failed.
    pub fn from_cause(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = error;
        let mut kind = None;
        loop {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                kind = Some(io.kind());
            }
            if let Some(rustls::Error::InvalidCertificate(fault)) = cause.downcast_ref() {
                return Self::Certificate(certificate_fault(fault));
            }
            // An io::Error shows what it wraps only this way.
            let wrapped = cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .map(|inner| inner as &(dyn std::error::Error + 'static));
            match wrapped.or_else(|| cause.source()) {
                Some(inner) => cause = inner,
                None => break,
            }
        }
        let text = cause.to_string();
        match kind {
            Some(io::ErrorKind::NotFound) => Self::NoSuchHost(text),
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused(text),
            Some(io::ErrorKind::TimedOut) => Self::TimedOut(text),
            _ => Self::Transport(text),
        }
    }
}

/// Go's words for what is wrong with a certificate.
fn certificate_fault(fault: &CertificateError) -> String {
    match fault {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "certificate signed by unknown authority".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate has expired or is not yet valid".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate has expired or is not yet valid".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<&str> = presented
                .iter()
                .map(|name| name.trim_start_matches("DnsName(\"").trim_end_matches("\")"))
                .collect();
            format!("certificate is valid for {}, not {}", presented.join(", "), expected.to_str())
        }
        other => other.to_string(),
    }
}
