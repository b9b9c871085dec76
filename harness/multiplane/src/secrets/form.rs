//! Secrets that nobody knows of, told by their form alone: signed tokens and private keys.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;

/// How a JWT begins: `{"` in base64.
const TOKEN: &str = "eyJ";
/// Shortest header and shortest claims that are taken for a token's.
const SHORTEST: usize = 12;
const KEY_BEGINS: &str = "PRIVATE KEY-----";
const KEY_ENDS: &str = "-----END";

/// A text without signed tokens and private keys.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    if !text.contains(TOKEN) && !text.contains(KEY_BEGINS) {
        return Cow::Borrowed(text);
    }
    match without_keys(&without_tokens(text)) {
        clean if clean == text => Cow::Borrowed(text),
        clean => Cow::Owned(clean),
    }
}

fn without_tokens(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN) {
        let (before, found) = rest.split_at(at);
        clean += before;
        let (header, behind) = found.split_at(run(found));
        let claims = behind.strip_prefix('.').map(|behind| behind.split_at(run(behind)));
        match claims {
            Some((claims, behind)) if header.len() >= SHORTEST && claims.len() >= SHORTEST => {
                clean += &placeholder(claims);
                let signature = behind.strip_prefix('.');
                rest = signature.map_or(behind, |signature| &signature[run(signature)..]);
            }
            _ => {
                clean += header;
                rest = behind;
            }
        }
    }
    clean + rest
}

/// Length of what base64url has.
fn run(text: &str) -> usize {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.find(|c| !part(c)).unwrap_or(text.len())
}

/// Whose token it is, which is no secret and helps.
fn placeholder(claims: &str) -> String {
    let decoded = BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap_or_default();
    let claims: serde_json::Value = serde_json::from_slice(&decoded).unwrap_or_default();
    match claims["sub"].as_str() {
        Some(subject) => format!("<secret: a token of {subject}>"),
        None => "<secret: a token>".to_owned(),
    }
}

fn without_keys(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(KEY_BEGINS) {
        let (before, key) = rest.split_at(at + KEY_BEGINS.len());
        clean += before;
        clean += "<secret: a key>";
        rest = key.find(KEY_ENDS).map_or("", |end| &key[end..]);
        // The end has the same words.
        let marker = rest.find(KEY_BEGINS).map_or(0, |at| at + KEY_BEGINS.len());
        clean += &rest[..marker];
        rest = &rest[marker..];
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::token(
        "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2EifQ.c2lnbmF0dXJl, done",
        "Bearer <secret: a token of system:sa>, done"
    )]
    #[case::cut_off("\"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzeXN0", "\"<secret: a token>")]
    #[case::two(
        "eyJhbGciOiJFUzI1NiJ9.eyJhIjoxMjM0NTY3fQ.x eyJhbGciOiJFUzI1NiJ9.eyJhIjoxMjM0NTY3fQ.y",
        "<secret: a token> <secret: a token>"
    )]
    #[case::only_json("eyJhbGciOiJFUzI1NiJ9 and eyJ", "eyJhbGciOiJFUzI1NiJ9 and eyJ")]
    #[case::key(
        "x\n-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\ny",
        "x\n-----BEGIN EC PRIVATE KEY-----<secret: a key>-----END EC PRIVATE KEY-----\ny"
    )]
    #[case::cut_off_key("-----BEGIN PRIVATE KEY-----\nabc", "-----BEGIN PRIVATE KEY-----<secret: a key>")]
    #[case::nothing("an ordinary text", "an ordinary text")]
    fn by_form(#[case] text: &str, #[case] clean: &str) {
        assert_eq!(redact(text), clean);
    }
}
