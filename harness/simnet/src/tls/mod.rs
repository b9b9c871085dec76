//! Certificates and TLS configurations on the world's clock: P-256 keys, an authority with leaves, ring underneath.

mod authority;
mod config;

pub use authority::{Authority, KeyPair};
pub use config::{client_config, client_config_without_authorities, server_config};

use thiserror::Error;

/// Why a certificate or a configuration could not be made.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate could not be generated.
    #[error("failed to generate a certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// The PEM text holds no usable certificate.
    #[error("unable to load root certificates: unable to parse bytes as PEM block")]
    NotPem,
    /// The private key cannot be used.
    #[error("unusable private key: {0}")]
    Key(String),
    /// rustls refused the parts.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// The client verifier could not be built.
    #[error("client verifier: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}
