//! Signed URLs of objects: AWS's signature version 4 in the query, as S3 clients and servers know it.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use rusty_s3::signing;
use url::Url;

use super::objects::ObjectUri;

/// The region that signatures name where none is configured.
const REGION: &str = "us-east-1";
/// Form of times in signatures.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// Who signs, and for which address.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    /// URL below which buckets are, with a slash at its end.
    pub(crate) endpoint: Url,
    pub(crate) region: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// Why a request may not do what it asks for. The names are S3's error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("Access Denied.")]
    Unsigned,
    #[error("Request has expired")]
    Expired,
    #[error("The request signature we calculated does not match the signature you provided. Check your key and signing method.")]
    Mismatch,
}

impl Signer {
    /// A signer for `endpoint`, `http(s)://host[:port][/path]`.
    pub(crate) fn new(endpoint: &str, region: &str, key: &str, secret: &str) -> Result<Self, url::ParseError> {
        let mut endpoint: Url = endpoint.parse()?;
        if endpoint.host_str().is_none() || !matches!(endpoint.scheme(), "http" | "https") {
            return Err(url::ParseError::EmptyHost);
        }
        if !endpoint.path().ends_with('/') {
            endpoint.set_path(&format!("{}/", endpoint.path()));
        }
        Ok(Self {
            endpoint,
            region: if region.is_empty() { REGION } else { region }.to_owned(),
            key: key.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// A URL that lets who has it write an object until `expires` after `now`, with exactly these headers (names in lower case).
    pub(crate) fn put(&self, uri: &ObjectUri, headers: &BTreeMap<String, String>, expires: Duration, now: Timestamp) -> Url {
        self.sign(rusty_s3::Method::Put, self.url(uri), headers, expires.as_secs(), now)
    }

    /// A URL that lets who has it read an object.
    pub(crate) fn get(&self, uri: &ObjectUri, expires: Duration, now: Timestamp) -> Url {
        self.sign(rusty_s3::Method::Get, self.url(uri), &BTreeMap::new(), expires.as_secs(), now)
    }

    fn url(&self, uri: &ObjectUri) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&uri.bucket).extend(uri.key.split('/'));
        }
        url
    }

    fn sign(&self, method: rusty_s3::Method, url: Url, headers: &BTreeMap<String, String>, expires: u64, now: Timestamp) -> Url {
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let none = std::iter::empty::<(&str, &str)>();
        signing::sign(
            &now,
            method,
            url,
            &self.key,
            &self.secret,
            None,
            &self.region,
            expires,
            none,
            headers,
        )
    }

    /// Whether a request carries a signature of this signer that holds now.
    pub(crate) fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap, now: Timestamp) -> Result<(), Denied> {
        let query: BTreeMap<_, _> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
        let given = |name: &str| query.get(name).map(AsRef::as_ref).ok_or(Denied::Unsigned);
        let signature: &str = given("X-Amz-Signature")?;
        let at = jiff::civil::DateTime::strptime(TIME, given("X-Amz-Date")?).map_err(|_| Denied::Mismatch)?;
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| Denied::Mismatch)?.timestamp();
        let expires: u64 = given("X-Amz-Expires")?.parse().map_err(|_| Denied::Mismatch)?;
        let signed: Option<BTreeMap<String, String>> = given("X-Amz-SignedHeaders")?
            .split(';')
            .filter(|name| *name != "host")
            .map(|name| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned())))
            .collect();
        let mut url = self.endpoint.clone();
        url.set_path(uri.path());
        let method = match *method {
            Method::PUT => rusty_s3::Method::Put,
            // Who may read an object may ask about it.
            Method::GET | Method::HEAD => rusty_s3::Method::Get,
            _ => return Err(Denied::Mismatch),
        };
        let again = self.sign(method, url, &signed.ok_or(Denied::Mismatch)?, expires, at);
        let again = again.query_pairs().find(|(name, _)| name == "X-Amz-Signature");
        if again.is_none_or(|(_, again)| again != signature) {
            return Err(Denied::Mismatch);
        }
        let age = now.duration_since(at).as_secs();
        if age > i64::try_from(expires).unwrap_or(i64::MAX) {
            return Err(Denied::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> Signer {
        Signer::new("http://127.0.0.1:9000/store", "", "minio", secret).unwrap()
    }

    fn check(url: &Url, headers: &[(&'static str, &str)], by: &Signer, after: i64) -> Result<(), Denied> {
        let given = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        let uri: Uri = url[url::Position::BeforePath..].parse().unwrap();
        let now = Timestamp::from_second(1_000_000 + after).unwrap();
        by.check(&Method::PUT, &uri, &given.collect(), now)
    }

    #[test]
    fn a_signature_holds_for_its_time_its_headers_and_its_object() {
        let uri: ObjectUri = "s3://bucket/team 1/GEAK======/a.tar.gz".parse().unwrap();
        let headers = BTreeMap::from([("content-md5".to_owned(), "abc=".to_owned())]);
        let at = Timestamp::from_second(1_000_000).unwrap();
        let url = signer("secret").put(&uri, &headers, Duration::from_secs(60), at);
        assert!(
            url.as_str().starts_with("http://127.0.0.1:9000/store/bucket/team%201/GEAK"),
            "{url}"
        );
        let sent = [("content-md5", "abc=")];
        assert_eq!(check(&url, &sent, &signer("secret"), 60), Ok(()));
        assert_eq!(check(&url, &sent, &signer("secret"), 61), Err(Denied::Expired));
        assert_eq!(check(&url, &sent, &signer("other"), 0), Err(Denied::Mismatch));
        assert_eq!(check(&url, &[("content-md5", "abd=")], &signer("secret"), 0), Err(Denied::Mismatch));
        assert_eq!(check(&url, &[], &signer("secret"), 0), Err(Denied::Mismatch));
        let mut other = url.clone();
        other.set_path("/store/bucket/b.tar.gz");
        assert_eq!(check(&other, &sent, &signer("secret"), 0), Err(Denied::Mismatch));
        other.set_query(None);
        assert_eq!(check(&other, &sent, &signer("secret"), 0), Err(Denied::Unsigned));
    }
}
