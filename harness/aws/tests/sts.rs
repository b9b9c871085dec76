//! STS by its query API: what it answers to whom.

#![expect(clippy::unwrap_used, reason = "tests")]

use aws::{Account, KeySet, PolicyFile, Provider, sts};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use iam::PolicyKind;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rstest::rstest;
use serde_json::{Value, json};

const ISSUER: &str = "https://i.example/id/1";
const ROLE: &str = "arn:aws:iam::111122223333:role/r";
const NOW: i64 = 1_800_000_000;
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Workers", "Effect": "Allow",
    "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/i.example/id/1"}, "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {"i.example/id/1:sub": "system:serviceaccount:n:a"}}}]}"#;

/// An issuer with a key of its own.
struct Issuer(EcdsaKeyPair);

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap())
    }

    fn keys(&self) -> KeySet {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        let key = json!({"kty": "EC", "kid": "k", "crv": "P-256", "x": BASE64.encode(x), "y": BASE64.encode(y)});
        KeySet::read(json!({"keys": [key]}).to_string().as_bytes()).unwrap()
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": "k"}).to_string();
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

fn account(issuer: &Issuer) -> Account {
    let account = Account::default();
    account.open("111122223333");
    let audiences = vec!["sts.amazonaws.com".to_owned()];
    let keys = issuer.keys();
    account.put_provider(ISSUER, Provider { audiences, keys });
    let policy = iam::read("trust.json", TRUST, PolicyKind::Trust).unwrap();
    let name = "trust.json".to_owned();
    account.put_role("r", Some(PolicyFile { name, policy }), None);
    account
}

fn claims(change: &Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "sub": "system:serviceaccount:n:a", "aud": ["sts.amazonaws.com"], "exp": NOW + 600});
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    claims
}

/// Asks for the role with this token, some parameters changed or, if empty, left out.
fn assume(account: &Account, token: &str, change: &[(&str, &str)]) -> (u16, String) {
    let mut form = vec![
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", ROLE),
        ("RoleSessionName", "session"),
        ("WebIdentityToken", token),
    ];
    form.retain(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
    form.extend(change.iter().filter(|(_, value)| !value.is_empty()));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let (parts, ()) = http::Request::post("/").body(()).unwrap().into_parts();
    let answer = sts::answer(account, &parts, &Bytes::from(body), Timestamp::from_second(NOW).unwrap());
    (answer.status().as_u16(), String::from_utf8(answer.into_body().to_vec()).unwrap())
}

#[test]
fn a_token_becomes_credentials() {
    let issuer = Issuer::new();
    let (status, text) = assume(&account(&issuer), &issuer.sign(&claims(&json!({}))), &[]);
    assert_eq!(status, 200, "{text}");
    for expected in [
        r#"<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">"#,
        "<SubjectFromWebIdentityToken>system:serviceaccount:n:a</SubjectFromWebIdentityToken>",
        "<Audience>sts.amazonaws.com</Audience>",
        "<Arn>arn:aws:sts::111122223333:assumed-role/r/session</Arn>",
        "<AccessKeyId>ASIA",
        "<Expiration>2027-01-15T09:00:00Z</Expiration>",
        "<Provider>arn:aws:iam::111122223333:oidc-provider/i.example/id/1</Provider>",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[rstest]
#[case::other_subject(json!({"sub": "system:serviceaccount:n:b"}), 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")]
#[case::subject_in_capitals(json!({"sub": "system:serviceaccount:n:A"}), 403, "AccessDenied", "Not authorized")]
#[case::unknown_issuer(json!({"iss": "https://o.example"}), 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://o.example")]
#[case::other_audience(json!({"aud": ["https://kubernetes.default.svc"]}), 400, "InvalidIdentityToken", "Incorrect token audience")]
#[case::expired(json!({"exp": NOW}), 400, "ExpiredTokenException", "must be before the expiration")]
fn tokens_that_are_refused(#[case] change: Value, #[case] status: u16, #[case] code: &str, #[case] message: &str) {
    let issuer = Issuer::new();
    let (found, text) = assume(&account(&issuer), &issuer.sign(&claims(&change)), &[]);
    assert_eq!(found, status, "{text}");
    let code = format!("<Type>Sender</Type><Code>{code}</Code>");
    assert!(text.contains(&code) && text.contains(message), "{text}");
}

#[test]
fn a_token_signed_by_another_is_refused() {
    let (_, text) = assume(&account(&Issuer::new()), &Issuer::new().sign(&claims(&json!({}))), &[]);
    assert!(
        text.contains("<Code>InvalidIdentityToken</Code>") && text.contains("retrieve verification key"),
        "{text}"
    );
}

#[rstest]
#[case(&[("Action", "")], 400, "MissingAction")]
#[case(&[("Action", "AssumeRole")], 400, "InvalidAction")]
#[case(&[("Version", "2010-01-01")], 400, "InvalidAction")]
#[case(&[("RoleArn", "")], 400, "ValidationError")]
#[case(&[("RoleArn", "flyte-controlplane-role")], 400, "ValidationError")]
#[case(&[("RoleArn", "arn:aws:iam::111122223333:role/none")], 403, "AccessDenied")]
#[case(&[("RoleArn", "arn:aws:iam::444455556666:role/r")], 403, "AccessDenied")]
#[case(&[("RoleSessionName", "no spaces")], 400, "ValidationError")]
#[case(&[("DurationSeconds", "899")], 400, "ValidationError")]
#[case(&[("DurationSeconds", "7200")], 400, "ValidationError")]
#[case(&[("Policy", "{}")], 400, "ValidationError")]
#[case(&[("WebIdentityToken", "none")], 400, "InvalidIdentityToken")]
#[case(&[("Action", "GetCallerIdentity")], 403, "MissingAuthenticationToken")]
fn requests_that_are_refused(#[case] change: &[(&str, &str)], #[case] status: u16, #[case] code: &str) {
    let issuer = Issuer::new();
    let (found, text) = assume(&account(&issuer), &issuer.sign(&claims(&json!({}))), change);
    assert_eq!(found, status, "{text}");
    assert!(text.contains(&format!("<Code>{code}</Code>")), "{text}");
}
