//! Taking secrets out of texts.

use std::collections::BTreeMap;

use data_encoding::BASE64;

/// Shorter values are no secrets: a port, `yes`. They would tear holes into every text.
const SHORTEST: usize = 4;
/// Values shorter than this are taken out as whole words only.
const WORDS: usize = 8;
/// What is said everywhere.
const COMMON: [&str; 4] = ["true", "false", "null", "none"];

/// Takes the values of Secrets out of texts, as they are and in base64.
pub(super) struct Redactor {
    /// What stands in their place, by value, the longest first: one value may be part of another.
    values: Vec<(String, String)>,
}

impl Redactor {
    /// `secrets` are values with where they stand.
    pub(super) fn new<'a>(secrets: impl Iterator<Item = (String, &'a [u8])>) -> Self {
        let mut values = BTreeMap::new();
        for (at, value) in secrets {
            let placeholder = format!("<secret: {at}>");
            if let Ok(text) = std::str::from_utf8(value) {
                // A key is cut into lines when it is shown, and indented: each line is taken for itself.
                for line in text
                    .lines()
                    .map(str::trim)
                    .filter(|line| line.len() >= SHORTEST && !is_marker(line) && !COMMON.contains(line))
                {
                    values.entry(line.to_owned()).or_insert_with(|| placeholder.clone());
                }
            }
            if value.len() >= SHORTEST {
                values.entry(BASE64.encode(value)).or_insert(placeholder);
            }
        }
        let mut values: Vec<(String, String)> = values.into_iter().collect();
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self { values }
    }

    pub(super) fn redact(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for (value, placeholder) in &self.values {
            if clean.contains(value.as_str()) {
                clean = replaced(&clean, value, placeholder);
            }
        }
        clean
    }
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
        let secrets: [(&str, &[u8]); 5] = [
            ("s:token", b"token-of-a-cluster"),
            ("s:long", b"token-of-a-cluster-2"),
            ("s:key", key.as_bytes()),
            ("s:common", b"true"),
            ("s:short", b"foobar"),
        ];
        let redactor = Redactor::new(secrets.iter().map(|(at, value)| ((*at).to_owned(), *value)));
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
        ];
        for (text, clean) in cases {
            assert_eq!(redactor.redact(text), clean);
        }
    }
}
