//! Certificates: their contents and signatures.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use super::Certificate;
use super::keys::{Key, pem_block, pem_contents};
use crate::functions::Args;
use crate::template::{Engine, Fault, Result, Value, go_text};

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::call(format!("error creating certificate: {error}"))
}

/// What all certificates of Sprig have; the days are argument `days`.
fn params(engine: &Engine, a: &Args<'_>, days: usize) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, a.str(0)?);
    let now = OffsetDateTime::from_unix_timestamp(engine.now.as_second()).map_err(failed)?;
    params.not_before = now;
    let valid = a.int(days)?.checked_mul(86400).map(Duration::seconds);
    let until = valid.and_then(|valid| now.checked_add(valid));
    params.not_after = until.ok_or_else(|| failed("its end is out of range"))?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.is_ca = IsCa::ExplicitNoCa;
    Ok(params)
}

/// `NAME DAYS`: an authority that signs itself.
pub(super) fn authority(engine: &Engine, a: &Args<'_>, key: &Key) -> Result<Value> {
    let mut params = params(engine, a, 1)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    certificate(params.self_signed(&key.pair), key)
}

/// `NAME IPS DNS_NAMES DAYS`: a server's certificate that signs itself.
pub(super) fn leaf(engine: &Engine, a: &Args<'_>, key: &Key) -> Result<Value> {
    certificate(server(engine, a)?.self_signed(&key.pair), key)
}

/// The same, signed by an authority.
pub(super) fn signed_by(engine: &Engine, a: &Args<'_>, key: &Key, authority: Certificate) -> Result<Value> {
    check(&authority.cert)?;
    let signer = Key::from_pem(&authority.key).map_err(|message| Fault::call(format!("error parsing private key: {message}")))?;
    let issuer = Issuer::from_ca_cert_pem(&authority.cert, signer.pair).map_err(failed)?;
    certificate(server(engine, a)?.signed_by(&key.pair, &issuer), key)
}

fn server(engine: &Engine, a: &Args<'_>) -> Result<CertificateParams> {
    let mut params = params(engine, a, 3)?;
    for ip in a.items(1)?.iter() {
        let parsed = match ip {
            Value::Str(text) => text.parse::<IpAddr>().map_err(|_| format!("error parsing ip: {text}")),
            other => Err(format!("error parsing ip: {} is not a string", go_text(other))),
        };
        params.subject_alt_names.push(SanType::IpAddress(parsed.map_err(Fault::call)?));
    }
    for name in a.items(2)?.iter() {
        let Some(text) = name.as_str() else {
            let message = format!("error processing alternate dns name: {} is not a string", go_text(name));
            return Err(Fault::call(message));
        };
        params.subject_alt_names.push(SanType::DnsName(text.try_into().map_err(failed)?));
    }
    Ok(params)
}

fn certificate(signed: std::result::Result<rcgen::Certificate, rcgen::Error>, key: &Key) -> Result<Value> {
    let cert = signed.map_err(failed)?;
    Ok(Certificate {
        cert: pem_block("CERTIFICATE", cert.der()),
        key: key.pem.clone(),
    }
    .value())
}

/// Makes sure that a text is a certificate.
pub(super) fn check(pem: &str) -> Result<()> {
    let (_, der) = pem_contents(pem).ok_or_else(|| Fault::call("unable to decode certificate"))?;
    let unread = |error| Fault::call(format!("error parsing certificate: decodedCert.Bytes: {error}"));
    x509_parser::parse_x509_certificate(&der).map(|_| ()).map_err(unread)
}
