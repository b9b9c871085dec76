//! Signature version 4, the server's side: whose request this is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::request::Parts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{digest, hmac};

use crate::{Account, S3Error, Session};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Form of times in signatures.
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// How far a client's clock may be off, in seconds.
const SKEW: i64 = 15 * 60;
/// What AWS leaves as it is in queries.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request's signature, in its headers or its query.
struct Signature {
    access_key: String,
    /// `DATE/REGION/SERVICE/aws4_request`.
    scope: String,
    headers: Vec<String>,
    signature: String,
    time: String,
    token: String,
    /// Seconds for which a signed URL is good.
    expires: Option<i64>,
    payload: String,
}

/// Whose request this is; `None` if it is not signed.
///
/// # Errors
/// The signature is wrong, or its session is not, or no longer, there.
pub fn session_of(account: &Account, parts: &Parts, body: &[u8], now: Timestamp) -> Result<Option<Session>, S3Error> {
    let Some(signature) = Signature::read(parts)? else {
        return Ok(None);
    };
    let session = account.session(&signature.access_key, &signature.token, now)?;
    signature.check(parts, body, &session.credentials.secret, now)?;
    Ok(Some(session))
}

/// Whether a request is signed with an access key, by its id and its secret.
///
/// # Errors
/// It is not signed, with another key, or wrongly.
pub fn check_key((id, secret): (&str, &str), parts: &Parts, body: &[u8], now: Timestamp) -> Result<(), S3Error> {
    let signature = Signature::read(parts)?.ok_or_else(|| S3Error::AccessDenied("Access Denied".to_owned()))?;
    if signature.access_key != id {
        return Err(S3Error::InvalidAccessKeyId);
    }
    signature.check(parts, body, secret, now)
}

/// The region that a request is signed for.
pub fn region(parts: &Parts) -> Option<String> {
    let signature = Signature::read(parts).ok()??;
    signature.scope.split('/').nth(1).map(str::to_owned)
}

impl Signature {
    fn read(parts: &Parts) -> Result<Option<Self>, S3Error> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let query: BTreeMap<String, String> = pairs(parts).collect();
        let asked = |name: &str| query.get(name).cloned().unwrap_or_default();
        let (credential, headers, signature) = if query.contains_key("X-Amz-Signature") {
            (asked("X-Amz-Credential"), asked("X-Amz-SignedHeaders"), asked("X-Amz-Signature"))
        } else {
            let authorization = header("authorization");
            if authorization.is_empty() {
                return Ok(None);
            }
            let fields = authorization
                .strip_prefix(ALGORITHM)
                .ok_or_else(|| S3Error::Malformed(format!("only {ALGORITHM} is known")))?;
            let field = |name: &str| {
                let all = fields.split(',').filter_map(|field| field.trim().split_once('='));
                all.filter(|(key, _)| *key == name)
                    .map(|(_, value)| value.to_owned())
                    .next()
                    .unwrap_or_default()
            };
            (field("Credential"), field("SignedHeaders"), field("Signature"))
        };
        let (access_key, scope) = credential.split_once('/').ok_or_else(|| {
            S3Error::Malformed("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".".to_owned())
        })?;
        let in_query = query.contains_key("X-Amz-Signature");
        let either = |name: &str| {
            if in_query {
                asked(name)
            } else {
                header(&name.to_lowercase()).to_owned()
            }
        };
        Ok(Some(Self {
            access_key: access_key.to_owned(),
            scope: scope.to_owned(),
            headers: headers.split(';').map(str::to_owned).collect(),
            signature,
            time: either("X-Amz-Date"),
            token: either("X-Amz-Security-Token"),
            expires: in_query.then(|| asked("X-Amz-Expires").parse().unwrap_or_default()),
            payload: if in_query {
                "UNSIGNED-PAYLOAD"
            } else {
                header("x-amz-content-sha256")
            }
            .to_owned(),
        }))
    }

    fn check(&self, parts: &Parts, body: &[u8], secret: &str, now: Timestamp) -> Result<(), S3Error> {
        self.check_time(now)?;
        match self.compute(parts, body, secret) {
            Some(made) if made == self.signature => Ok(()),
            _ => Err(S3Error::SignatureDoesNotMatch),
        }
    }

    fn check_time(&self, now: Timestamp) -> Result<(), S3Error> {
        let at = DateTime::strptime(TIME, &self.time).and_then(|at| at.to_zoned(TimeZone::UTC));
        let at = at.map_err(|_| S3Error::Malformed("X-Amz-Date is no date".to_owned()))?.timestamp();
        let age = now.as_second() - at.as_second();
        match self.expires {
            Some(seconds) if age > seconds => Err(S3Error::AccessDenied("Request has expired".to_owned())),
            None if age.abs() > SKEW => Err(S3Error::RequestTimeTooSkewed),
            _ => Ok(()),
        }
    }

    /// The signature that the secret's owner makes; `None` if the request lacks something that is signed, or its body is another.
    fn compute(&self, parts: &Parts, body: &[u8], secret: &str) -> Option<String> {
        let hash = hex(digest::digest(&digest::SHA256, body).as_ref());
        let payload = match self.payload.as_str() {
            "" => hash,
            "UNSIGNED-PAYLOAD" => self.payload.clone(),
            given if given == hash => hash,
            _ => return None,
        };
        let mut query: Vec<(String, String)> = pairs(parts)
            .filter(|(name, _)| name != "X-Amz-Signature")
            .map(|(name, value)| (encode(&name), encode(&value)))
            .collect();
        query.sort();
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = String::new();
        for name in &self.headers {
            let values: Option<Vec<&str>> = parts.headers.get_all(name).iter().map(|value| value.to_str().ok()).collect();
            let values = values.filter(|values| !values.is_empty())?;
            let joined = values
                .iter()
                .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect::<Vec<_>>()
                .join(",");
            // Writing into a String cannot fail.
            let _ = writeln!(headers, "{name}:{joined}");
        }
        let canonical = format!(
            "{}\n{}\n{}\n{headers}\n{}\n{payload}",
            parts.method,
            parts.uri.path(),
            query.join("&"),
            self.headers.join(";")
        );
        let canonical = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let text = format!("{ALGORITHM}\n{}\n{}\n{canonical}", self.time, self.scope);
        let key = format!("AWS4{secret}").into_bytes();
        let key = self.scope.split('/').fold(key, |key, part| sign(&key, part));
        Some(hex(&sign(&key, &text)))
    }
}

/// The query's pairs, decoded. A `+` is a plus sign here.
fn pairs(parts: &Parts) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let query = parts.uri.query().unwrap_or_default();
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
        .as_ref()
        .to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's documentation of S3, "GET Object".
    #[test]
    fn the_documented_example() {
        let request = http::Request::get("/test.txt")
            .header("host", "examplebucket.s3.amazonaws.com")
            .header("range", "bytes=0-9")
            .header("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            .header("x-amz-date", "20130524T000000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            );
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let signature = Signature::read(&parts).unwrap().unwrap();
        let made = signature.compute(&parts, b"", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        assert_eq!(made.as_deref(), Some(signature.signature.as_str()));
        assert_eq!(
            signature.compute(&parts, b"other", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            None
        );
        let late: Timestamp = "2013-05-24T00:15:01Z".parse().unwrap();
        assert_eq!(signature.check_time(late), Err(S3Error::RequestTimeTooSkewed));
        assert_eq!(session_of(&Account::default(), &parts, b"", late), Err(S3Error::InvalidAccessKeyId));
        let then: Timestamp = "2013-05-24T00:00:00Z".parse().unwrap();
        let (id, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        assert_eq!(check_key((id, secret), &parts, b"", then), Ok(()));
        assert_eq!(check_key((id, "other"), &parts, b"", then), Err(S3Error::SignatureDoesNotMatch));
        assert_eq!(check_key(("other", secret), &parts, b"", then), Err(S3Error::InvalidAccessKeyId));
        let (unsigned, ()) = http::Request::get("/test.txt").body(()).unwrap().into_parts();
        assert_eq!(
            check_key((id, secret), &unsigned, b"", then),
            Err(S3Error::AccessDenied("Access Denied".to_owned()))
        );
    }
}
