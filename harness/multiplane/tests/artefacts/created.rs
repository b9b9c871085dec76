//! Every secret that a run really creates, and where a text tells one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aho_corasick::{AhoCorasick, MatchKind};
use data_encoding::BASE64;

/// Signs of secrets that are kept nowhere, above all of tokens that pods ask for: every JSON web token begins alike, and so do keys in PEM.
const SIGNS: [(&str, &str); 2] = [("a JSON web token", "eyJhbGciOi"), ("a private key", "PRIVATE KEY")];
/// Shorter values would be found everywhere.
const SHORTEST: usize = 4;
/// Values shorter than this count as whole words only: `foobar` is a password, `foobar-1` a pod.
const WORD: usize = 8;
/// How much of base64 must stand together.
const FRAGMENT: usize = 10;

/// What was created, by value, with where it stands. Copies share it.
#[derive(Clone, Default)]
pub(crate) struct Created(Arc<Mutex<BTreeMap<Vec<u8>, String>>>);

impl Created {
    /// Knows one more secret. Certificates and the name of a token's namespace, which Secrets hold as well, are none.
    pub(crate) fn add(&self, at: &str, key: &str, value: &[u8]) {
        let public = key == "namespace" || (value.starts_with(b"-----BEGIN CERTIFICATE") && !contains(value, b"PRIVATE"));
        if !public && value.len() >= SHORTEST {
            self.0
                .lock()
                .unwrap()
                .entry(value.to_vec())
                .or_insert_with(|| format!("{at}:{key}"));
        }
    }

    /// What the search for them does not find, though it is told in a form that a report may have: nothing, or the search is none.
    pub(crate) fn overlooked(&self, search: &Search) -> Vec<String> {
        let created = self.0.lock().unwrap();
        let overlooked = created.iter().filter(|(value, _)| {
            let text = String::from_utf8_lossy(value);
            let basic = BASE64.encode(&[b"user:", value.as_slice()].concat());
            let told = [
                format!("a {text} b"),
                serde_json::json!({ "said": text }).to_string(),
                format!("data: {}", BASE64.encode(value)),
                // Of a few bytes, too little in base64 is theirs alone.
                if value.len() < WORD {
                    text.to_string()
                } else {
                    format!("Basic {basic}")
                },
            ];
            told.iter().any(|text| search.of(text).is_empty())
        });
        overlooked.map(|(_, at)| at.clone()).collect()
    }

    /// How to look for all of them.
    pub(crate) fn search(&self) -> Search {
        let mut forms: BTreeMap<String, String> = BTreeMap::new();
        let mut add = |form: String, what: &str| {
            if form.len() >= SHORTEST {
                forms.entry(form).or_insert_with(|| what.to_owned());
            }
        };
        for (value, at) in self.0.lock().unwrap().iter() {
            let text = String::from_utf8_lossy(value);
            // Of a key, any line is too much; the shortest is its end.
            for line in text.lines().map(str::trim).filter(|line| !line.starts_with("-----")) {
                add(line.to_owned(), at);
                add(
                    serde_json::json!(line).to_string().trim_matches('"').to_owned(),
                    &format!("{at}, in JSON"),
                );
            }
            add(BASE64.encode(value), &format!("{at}, in base64"));
            for form in inside_base64(value) {
                add(form, &format!("{at}, within base64"));
            }
        }
        for (what, sign) in SIGNS {
            add(sign.to_owned(), what);
            for form in inside_base64(sign.as_bytes()) {
                add(form, &format!("{what}, within base64"));
            }
        }
        Search::new(forms)
    }
}

/// Base64 of any text that holds the value, as far as it depends on the value alone: by where in three bytes it begins.
fn inside_base64(value: &[u8]) -> impl Iterator<Item = String> {
    (0..3).filter_map(move |before| {
        let text = [vec![0; before], value.to_vec()].concat();
        let whole = BASE64.encode(&text);
        let form = &whole[(before * 8).div_ceil(6)..text.len() * 8 / 6];
        (form.len() >= FRAGMENT).then(|| form.to_owned())
    })
}

/// Looks for secrets in texts.
pub(crate) struct Search {
    forms: AhoCorasick,
    /// What each form is of.
    what: Vec<String>,
}

impl Search {
    fn new(forms: BTreeMap<String, String>) -> Self {
        let (forms, what): (Vec<String>, Vec<String>) = forms.into_iter().unzip();
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::Standard);
        Self {
            forms: builder.build(forms).unwrap(),
            what,
        }
    }

    /// The secrets that a text tells, each with the line.
    pub(crate) fn of(&self, text: &str) -> Vec<String> {
        let found = self.forms.find_overlapping_iter(text).filter(|found| {
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            let (before, after) = (&text[..found.start()], &text[found.end()..]);
            found.len() >= WORD || !(before.ends_with(word) || after.starts_with(word))
        });
        let told = found.map(|found| {
            let line = text[..found.start()].rfind('\n').map_or(0, |at| at + 1);
            let end = text[found.end()..].find('\n').map_or(text.len(), |at| found.end() + at);
            format!("{}: {}", self.what[found.pattern().as_usize()], &text[line..end])
        });
        told.collect()
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
