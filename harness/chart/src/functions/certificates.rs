//! `genCA` and its kin. Keys are ECDSA P-256 where Helm makes RSA 2048: the
//! objects are used alike, and no RSA generator is at hand. Certificates are
//! dicts with `Cert` and `Key`, as Sprig's struct shows itself to templates.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};

use super::args::strings;
use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("genPrivateKey", 1, 1, private_key),
    function("genCA", 2, 2, ca),
    function("genSelfSignedCert", 4, 4, self_signed),
    function("genSignedCert", 5, 5, signed),
];

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::call(error.to_string())
}

fn private_key(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let algorithm = match a.str(0)? {
        "ecdsa" => &rcgen::PKCS_ECDSA_P256_SHA256,
        "ed25519" => &rcgen::PKCS_ED25519,
        other => return Err(Fault::unsupported(format!("genPrivateKey {other:?} is not supported; use ecdsa"))),
    };
    Ok(Value::str(KeyPair::generate_for(algorithm).map_err(failed)?.serialize_pem()))
}

fn params(engine: &Engine, name: &str, days: i64) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let date = |offset: i64| -> Result<_> {
        let at = engine
            .now
            .checked_add(jiff::SignedDuration::from_hours(24 * offset))
            .map_err(failed)?;
        let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok(rcgen::date_time_ymd(i32::from(date.year()), date.month() as u8, date.day() as u8))
    };
    params.not_before = date(0)?;
    params.not_after = date(days)?;
    Ok(params)
}

fn certificate(cert: &str, key: &KeyPair) -> Value {
    Value::map([("Cert", Value::str(cert)), ("Key", Value::str(key.serialize_pem()))])
}

fn ca(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let mut params = params(engine, a.str(0)?, a.int(1)?)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::KeyCertSign,
    ];
    let key = KeyPair::generate().map_err(failed)?;
    Ok(certificate(&params.self_signed(&key).map_err(failed)?.pem(), &key))
}

fn leaf(engine: &Engine, a: &Args<'_>) -> Result<CertificateParams> {
    let mut params = params(engine, a.str(0)?, a.int(3)?)?;
    for ip in strings(a.get(1)) {
        params.subject_alt_names.push(SanType::IpAddress(ip.parse().map_err(failed)?));
    }
    for name in strings(a.get(2)) {
        params.subject_alt_names.push(SanType::DnsName(name.try_into().map_err(failed)?));
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

fn self_signed(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let key = KeyPair::generate().map_err(failed)?;
    Ok(certificate(&leaf(engine, a)?.self_signed(&key).map_err(failed)?.pem(), &key))
}

fn signed(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let ca = Value::Map(a.map(4)?);
    let (cert, key) = (ca.get("Cert"), ca.get("Key"));
    let (Some(cert), Some(ca_key)) = (cert.as_str(), key.as_str()) else {
        return Err(Fault::call("genSignedCert: the CA has no Cert and Key"));
    };
    let ca_key = KeyPair::from_pem(ca_key).map_err(failed)?;
    let issuer = Issuer::from_ca_cert_pem(cert, ca_key).map_err(failed)?;
    let key = KeyPair::generate().map_err(failed)?;
    Ok(certificate(&leaf(engine, a)?.signed_by(&key, &issuer).map_err(failed)?.pem(), &key))
}
