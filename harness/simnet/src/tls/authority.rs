//! A certificate authority of a cluster or of the world.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair as Key, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use super::TlsError;
use crate::clock::Clock;

/// How long everything issued here is valid, in days: ten years, as kubeadm's authorities.
const VALID_DAYS: i64 = 3650;

/// A certificate with its private key, both PEM.
#[derive(Clone)]
pub struct KeyPair {
    /// The certificate, leaf first.
    pub cert_pem: String,
    /// The private key.
    pub key_pem: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair(..)")
    }
}

/// A certificate authority. Server and client certificates are leaves below it: rustls accepts no authority as a server certificate.
pub struct Authority {
    issuer: CertifiedIssuer<'static, Key>,
    pem: String,
    clock: Clock,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(..)")
    }
}

impl Authority {
    /// A new authority, valid from an hour before the clock's present.
    ///
    /// # Errors
    /// If no key can be generated.
    pub fn new(common_name: &str, clock: &Clock) -> Result<Self, TlsError> {
        let mut params = params(clock, common_name, None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyCertSign,
        ];
        let issuer = CertifiedIssuer::self_signed(params, Key::generate()?)?;
        let pem = issuer.pem();
        Ok(Self {
            issuer,
            pem,
            clock: clock.clone(),
        })
    }

    /// The authority's certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server certificate for DNS names and IP addresses.
    ///
    /// # Errors
    /// If a name is neither, or no key can be generated.
    pub fn issue_server<S: AsRef<str>>(&self, names: &[S]) -> Result<KeyPair, TlsError> {
        let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
        let mut leaf = CertificateParams::new(names.clone())?;
        let common = params(&self.clock, names.first().map_or("server", String::as_str), None);
        leaf.distinguished_name = common.distinguished_name;
        leaf.not_before = common.not_before;
        leaf.not_after = common.not_after;
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(leaf)
    }

    /// A client certificate: Kubernetes reads the user from the common name and the group from the organisation.
    ///
    /// # Errors
    /// If no key can be generated.
    pub fn issue_client(&self, user: &str, group: Option<&str>) -> Result<KeyPair, TlsError> {
        let mut leaf = params(&self.clock, user, group);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(leaf)
    }

    /// Signs somebody's request, in PEM, for a number of seconds. Names and further wishes are the request's own.
    ///
    /// # Errors
    /// If the text is no request, or its signature is wrong.
    pub fn sign_request(&self, request_pem: &str, client: bool, server: bool, seconds: i64) -> Result<String, TlsError> {
        let mut request = CertificateSigningRequestParams::from_pem(request_pem)?;
        let times = params(&self.clock, "", None);
        let leaf = &mut request.params;
        leaf.not_before = times.not_before;
        leaf.not_after = times.not_before + Duration::HOUR + Duration::seconds(seconds);
        leaf.is_ca = IsCa::NoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        let usages = [
            (client, ExtendedKeyUsagePurpose::ClientAuth),
            (server, ExtendedKeyUsagePurpose::ServerAuth),
        ];
        leaf.extended_key_usages = usages.into_iter().filter(|(wanted, _)| *wanted).map(|(_, usage)| usage).collect();
        leaf.use_authority_key_identifier_extension = true;
        Ok(request.signed_by(&self.issuer)?.pem())
    }

    fn issue(&self, mut leaf: CertificateParams) -> Result<KeyPair, TlsError> {
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        leaf.use_authority_key_identifier_extension = true;
        let key = Key::generate()?;
        let cert = leaf.signed_by(&key, &self.issuer)?;
        Ok(KeyPair {
            cert_pem: cert.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

fn params(clock: &Clock, common_name: &str, organisation: Option<&str>) -> CertificateParams {
    let now = OffsetDateTime::from_unix_timestamp(clock.now().as_second()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(organisation) = organisation {
        params.distinguished_name.push(DnType::OrganizationName, organisation);
    }
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = now - Duration::HOUR;
    params.not_after = now + Duration::days(VALID_DAYS);
    params
}
