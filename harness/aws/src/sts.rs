//! STS's query API: form in, XML out.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;

use crate::account::{Account, AssumeRole, Assumed};
use crate::signature::session_of;
use crate::xml::element;
use crate::{S3Error, StsError};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const VERSION: &str = "2011-06-15";
/// An answer's id. STS's are random; nobody has to find these again.
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// Answers one request, whose action is in its query or its form.
pub fn answer(account: &Account, parts: &Parts, body: &Bytes, now: Timestamp) -> Response<Bytes> {
    match act(account, parts, body, now) {
        Ok(text) => xml(StatusCode::OK, text),
        Err(error) => {
            let fields = format!(
                "{}{}{}",
                element("Type", "Sender"),
                element("Code", error.code()),
                element("Message", &error.to_string())
            );
            let id = element("RequestId", REQUEST_ID);
            xml(
                error.status(),
                format!("<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>{fields}</Error>\n  {id}\n</ErrorResponse>\n"),
            )
        }
    }
}

fn act(account: &Account, parts: &Parts, body: &Bytes, now: Timestamp) -> Result<String, StsError> {
    let query = parts.uri.query().unwrap_or_default();
    let fields = [query.as_bytes(), body]
        .into_iter()
        .flat_map(|text| form_urlencoded::parse(text).into_owned());
    let form: BTreeMap<String, String> = fields.collect();
    let action = form.get("Action").ok_or(StsError::MissingAction)?;
    let version = form.get("Version").map_or(VERSION, String::as_str);
    match action.as_str() {
        "AssumeRoleWithWebIdentity" if version == VERSION => assume_role(account, &form, now),
        "GetCallerIdentity" if version == VERSION => caller(account, parts, body, now),
        other => Err(StsError::InvalidAction(other.to_owned())),
    }
}

fn assume_role(account: &Account, form: &BTreeMap<String, String>, now: Timestamp) -> Result<String, StsError> {
    let missing = |name: &str| {
        let member = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        StsError::Validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    };
    let required = |name: &str| {
        form.get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| missing(name))
    };
    for unknown in ["Policy", "PolicyArns.member.1.arn", "ProviderId"] {
        if form.contains_key(unknown) {
            return Err(StsError::Validation(format!("{unknown} is not supported by multiplane's STS")));
        }
    }
    let duration = match form.get("DurationSeconds") {
        None => Duration::from_secs(3600),
        Some(text) => Duration::from_secs(
            text.parse()
                .map_err(|_| StsError::Validation(format!("DurationSeconds: {text} is no number")))?,
        ),
    };
    let asked = AssumeRole {
        role_arn: required("RoleArn")?,
        session_name: required("RoleSessionName")?,
        token: required("WebIdentityToken")?,
        duration,
    };
    let assumed = account.assume_role(&asked, now).map_err(|refusal| refusal.error)?;
    Ok(document("AssumeRoleWithWebIdentity", &assumed_role(&assumed)))
}

fn assumed_role(assumed: &Assumed) -> String {
    let session = &assumed.session;
    let user = [
        element("Arn", &session.arn),
        element("AssumedRoleId", &role_id(&session.role, &session.name)),
    ]
    .concat();
    let credentials = [
        element("AccessKeyId", &session.credentials.access_key),
        element("SecretAccessKey", &session.credentials.secret),
        element("SessionToken", &session.credentials.token),
        element("Expiration", &session.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    ]
    .concat();
    [
        element("SubjectFromWebIdentityToken", &assumed.subject),
        element("Audience", &assumed.audience),
        format!("<AssumedRoleUser>{user}</AssumedRoleUser>"),
        format!("<Credentials>{credentials}</Credentials>"),
        element("Provider", &assumed.provider),
    ]
    .concat()
}

fn caller(account: &Account, parts: &Parts, body: &Bytes, now: Timestamp) -> Result<String, StsError> {
    let session = session_of(account, parts, body, now).map_err(StsError::Signature)?;
    let session =
        session.ok_or_else(|| StsError::Signature(S3Error::AccessDenied("Request is missing Authentication Token".to_owned())))?;
    let fields = [
        element("Arn", &session.arn),
        element("UserId", &role_id(&session.role, &session.name)),
        element("Account", &account.id().unwrap_or_default()),
    ];
    Ok(document("GetCallerIdentity", &fields.concat()))
}

/// A session's unique id. A role's is 16 letters that AWS draws; here they follow from its name.
fn role_id(role: &str, session: &str) -> String {
    let letters = role
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| char::from(byte.to_ascii_uppercase()));
    let id: String = letters.chain(std::iter::repeat('X')).take(17).collect();
    format!("AROA{id}:{session}")
}

fn document(action: &str, result: &str) -> String {
    let metadata = element("RequestId", REQUEST_ID);
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\">\n  <{action}Result>{result}</{action}Result>\n  <ResponseMetadata>{metadata}</ResponseMetadata>\n</{action}Response>\n"
    )
}

fn xml(status: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/xml"));
    response
}
