//! Taking secrets out of texts.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use data_encoding::BASE64;

use super::form;

/// Shorter values are no secrets: a port, `yes`. They would tear holes into every text.
const SHORTEST: usize = 4;
/// Values shorter than this are taken out as whole words only.
const WORDS: usize = 8;
/// What is said everywhere.
const COMMON: [&str; 4] = ["true", "false", "null", "none"];

/// Takes secrets out of texts: as they are, in base64, also as a part of something longer, and as JSON has them in quotes.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    /// What stands in their place, by form, the longest first: one value may be part of another.
    forms: BTreeMap<(Reverse<usize>, String), String>,
}

impl Redactor {
    /// Knows one more secret: the value of a key, and at what it stands.
    pub(crate) fn add(&mut self, at: &str, key: &str, value: &[u8]) {
        if is_public(key, value) {
            return;
        }
        let placeholder = format!("<secret: {at}:{key}>");
        if let Ok(text) = std::str::from_utf8(value) {
            // A key is cut into lines when it is shown, and indented: each line is taken for itself.
            for line in text.lines().map(str::trim).filter(|line| is_secret(line)) {
                self.form(line.to_owned(), &placeholder);
                self.form(serde_json::json!(line).to_string().trim_matches('"').to_owned(), &placeholder);
            }
        }
        if value.len() >= SHORTEST {
            self.form(BASE64.encode(value), &placeholder);
            (0..3).for_each(|offset| self.form(within_base64(value, offset), &placeholder));
        }
    }

    fn form(&mut self, form: String, placeholder: &str) {
        if form.len() >= SHORTEST {
            self.forms
                .entry((Reverse(form.len()), form))
                .or_insert_with(|| placeholder.to_owned());
        }
    }

    /// A text without the secrets, and without what has the form of one.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut clean = Cow::Borrowed(text);
        for ((_, form), placeholder) in &self.forms {
            if clean.contains(form.as_str()) {
                clean = Cow::Owned(replaced(&clean, form, placeholder));
            }
        }
        match clean {
            Cow::Borrowed(text) => form::redact(text),
            Cow::Owned(text) => Cow::Owned(form::redact(&text).into_owned()),
        }
    }
}

/// What base64 makes of a value so many bytes behind the start of a text, as far as it depends on the value alone.
fn within_base64(value: &[u8], offset: usize) -> String {
    let text = [&[0, 0][..offset], value].concat();
    let first = (offset * 8).div_ceil(6);
    let last = text.len() * 8 / 6;
    BASE64.encode(&text).get(first..last).unwrap_or_default().to_owned()
}

/// Whether a line of a value may be one of a secret, and not one that stands everywhere.
fn is_secret(line: &str) -> bool {
    line.len() >= SHORTEST && !is_marker(line) && !COMMON.contains(&line)
}

/// What Secrets hold beside secrets: certificates, and the namespace of a token.
fn is_public(key: &str, value: &[u8]) -> bool {
    const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
    key == "namespace" || (value.starts_with(CERTIFICATE) && !value.windows(7).any(|part| part == b"PRIVATE"))
}

/// The text with something in the place of a value; of a short one, only where it is a word.
fn replaced(text: &str, value: &str, placeholder: &str) -> String {
    if value.len() >= WORDS {
        return text.replace(value, placeholder);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        let part_of_a_word = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
        clean += before;
        let inside = clean.ends_with(part_of_a_word) || after.starts_with(part_of_a_word);
        clean += if inside { value } else { placeholder };
        rest = after;
    }
    clean + rest
}

/// `-----BEGIN CERTIFICATE-----` says what follows, and is the same everywhere.
fn is_marker(line: &str) -> bool {
    line.starts_with("-----") && line.ends_with("-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_in_every_form() {
        let key = "-----BEGIN KEY-----\nabcdefghij\nklmnopqrst\n-----END KEY-----\n";
        let mut redactor = Redactor::default();
        let certificate = "-----BEGIN CERTIFICATE-----\ncertificate\n-----END CERTIFICATE-----\n";
        let secrets = [
            ("token", "token-of-a-cluster"),
            ("long", "token-of-a-cluster-2"),
            ("key", key),
            ("common", "true"),
            ("short", "foobar"),
            ("quoted", "so \"it\" is"),
            ("ca.crt", certificate),
            ("namespace", "flyte"),
        ];
        for (key, value) in secrets {
            redactor.add("s", key, value.as_bytes());
        }
        let cases = [
            ("token: token-of-a-cluster", "token: <secret: s:token>"),
            ("token-of-a-cluster-2", "<secret: s:long>"),
            ("data: dG9rZW4tb2YtYS1jbHVzdGVy\n", "data: <secret: s:token>\n"),
            (
                "  -----BEGIN KEY-----\n  abcdefghij\n  klmnopqrst\n",
                "  -----BEGIN KEY-----\n  <secret: s:key>\n  <secret: s:key>\n",
            ),
            ("ready: true", "ready: true"),
            ("secret: \"foobar\" foobar.", "secret: \"<secret: s:short>\" <secret: s:short>."),
            ("foobar-1 xfoobar foobarfoobar", "foobar-1 xfoobar foobarfoobar"),
            // `admin:token-of-a-cluster` and `user:foobar`, as basic authentication has them.
            ("Basic YWRtaW46dG9rZW4tb2YtYS1jbHVzdGVy", "Basic YWRtaW46<secret: s:token>"),
            (r#"{"said": "so \"it\" is"}"#, r#"{"said": "<secret: s:quoted>"}"#),
            ("certificate in flyte", "certificate in flyte"),
        ];
        for (text, clean) in cases {
            assert_eq!(redactor.redact(text), clean);
        }
    }
}
