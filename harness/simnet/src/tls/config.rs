//! rustls configurations on the world's clock.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::{KeyPair, TlsError};
use crate::clock::Clock;

/// A server's configuration. With `client_ca`, client certificates are optional, and verified against it when given.
///
/// # Errors
/// If a PEM text or key cannot be used.
pub fn server_config(server: &KeyPair, client_ca: Option<&str>, alpn: &[&str], clock: &Clock) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(clock.clone())).with_safe_default_protocol_versions()?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(pem)?), provider)
                .allow_unauthenticated()
                .build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (chain, key) = parts(server)?;
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = protocols(alpn);
    Ok(Arc::new(config))
}

/// A client's configuration that trusts the authorities in `roots_pem` and shows `client`, if given.
///
/// # Errors
/// [`TlsError::NotPem`] if `roots_pem` holds no certificate, else as for keys.
pub fn client_config(roots_pem: &str, client: Option<&KeyPair>, alpn: &[&str], clock: &Clock) -> Result<Arc<ClientConfig>, TlsError> {
    trusting(roots(roots_pem)?, client, alpn, clock)
}

/// The configuration of a client that knows no authority: it refuses every server's certificate.
///
/// # Errors
/// Never in practice: none of a key's or certificate's faults can occur.
pub fn client_config_without_authorities(alpn: &[&str], clock: &Clock) -> Result<Arc<ClientConfig>, TlsError> {
    trusting(RootCertStore::empty(), None, alpn, clock)
}

fn trusting(roots: RootCertStore, client: Option<&KeyPair>, alpn: &[&str], clock: &Clock) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(clock.clone()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let (chain, key) = parts(client)?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = protocols(alpn);
    Ok(Arc::new(config))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn protocols(alpn: &[&str]) -> Vec<Vec<u8>> {
    alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect()
}

fn roots(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        store.add(certificate.map_err(|_| TlsError::NotPem)?)?;
    }
    if store.is_empty() { Err(TlsError::NotPem) } else { Ok(store) }
}

fn parts(pair: &KeyPair) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pair.cert_pem.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).map_err(|error| TlsError::Key(error.to_string()))?;
    Ok((chain.map_err(|_| TlsError::NotPem)?, key))
}
