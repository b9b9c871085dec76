//! Names, labels and qualified names: what is allowed, and what is said otherwise.

use std::sync::LazyLock;

use regex::Regex;

const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const DNS_1035: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

fn whole(pattern: &str) -> Regex {
    // The patterns are constants above; a test compiles them.
    Regex::new(&format!("^{pattern}$")).unwrap_or_else(|_| unreachable_pattern())
}

fn unreachable_pattern() -> Regex {
    #[expect(clippy::unwrap_used, reason = "the pattern that matches nothing is valid")]
    Regex::new("[^\\s\\S]").unwrap()
}

static SUBDOMAIN_RE: LazyLock<Regex> = LazyLock::new(|| whole(SUBDOMAIN));
static LABEL_RE: LazyLock<Regex> = LazyLock::new(|| whole(LABEL));
static DNS_1035_RE: LazyLock<Regex> = LazyLock::new(|| whole(DNS_1035));
static QUALIFIED_RE: LazyLock<Regex> = LazyLock::new(|| whole(QUALIFIED));
static VALUE_RE: LazyLock<Regex> = LazyLock::new(|| whole(VALUE));

/// Faults of an RFC 1123 subdomain of at most 253 characters.
pub(crate) fn subdomain(name: &str) -> Vec<String> {
    let mut faults = vec![];
    if name.len() > 253 {
        faults.push("must be no more than 253 characters".to_owned());
    }
    if !SUBDOMAIN_RE.is_match(name) {
        faults.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with \
             an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
        ));
    }
    faults
}

/// Faults of an RFC 1123 label of at most 63 characters.
pub(crate) fn label(name: &str) -> Vec<String> {
    let mut faults = vec![];
    if name.len() > 63 {
        faults.push("must be no more than 63 characters".to_owned());
    }
    if !LABEL_RE.is_match(name) {
        if SUBDOMAIN_RE.is_match(name) {
            faults.push("must not contain dots".to_owned());
        } else {
            faults.push(format!(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
                 alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
            ));
        }
    }
    faults
}

/// Faults of an RFC 1035 label, which starts with a letter.
pub(crate) fn dns_1035_label(name: &str) -> Vec<String> {
    let mut faults = vec![];
    if name.len() > 63 {
        faults.push("must be no more than 63 characters".to_owned());
    }
    if !DNS_1035_RE.is_match(name) {
        faults.push(format!(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end \
             with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '{DNS_1035}')"
        ));
    }
    faults
}

/// Faults of a subdomain whose first label is a wildcard.
pub(crate) fn wildcard(name: &str) -> Vec<String> {
    let mut faults = vec![];
    if name.len() > 253 {
        faults.push("must be no more than 253 characters".to_owned());
    }
    if !name.strip_prefix("*.").is_some_and(|rest| SUBDOMAIN_RE.is_match(rest)) {
        faults.push(format!(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case \
             alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation \
             is '\\*\\.{SUBDOMAIN}')"
        ));
    }
    faults
}

/// Faults of a name that only has to be a path segment.
pub(crate) fn path_segment(name: &str) -> Vec<String> {
    match name {
        "." | ".." => return vec![format!("may not be '{name}'")],
        _ => {}
    }
    ["/", "%"]
        .iter()
        .filter(|c| name.contains(**c))
        .map(|c| format!("may not contain '{c}'"))
        .collect()
}

/// Faults of a qualified name (label key, finalizer): `[prefix/]name`.
pub(crate) fn qualified_name(text: &str) -> Vec<String> {
    let charset = |what: &str| {
        format!(
            "{what} must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
             (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QUALIFIED}')"
        )
    };
    let mut faults = vec![];
    let pieces: Vec<&str> = text.split('/').collect();
    let name = match pieces.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                faults.push("prefix part must be non-empty".to_owned());
            } else {
                let wrong = subdomain(prefix).into_iter();
                faults.extend(wrong.map(|fault| format!("prefix part {}", fault.replace("253 characters", "253 bytes"))));
            }
            name
        }
        _ => {
            let text = charset("a valid label key");
            let text = text.trim_end_matches(')');
            return vec![format!(
                "{text}) with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        faults.push("name part must be no more than 63 bytes".to_owned());
    }
    if !QUALIFIED_RE.is_match(name) {
        faults.push(charset("name part"));
    }
    faults
}

/// Faults of a key of a ConfigMap or Secret.
pub(crate) fn config_key(key: &str) -> Vec<String> {
    let mut faults = vec![];
    if key.len() > 253 {
        faults.push("must be no more than 253 characters".to_owned());
    }
    if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        faults.push(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', \
             regex used for validation is '[-._a-zA-Z0-9]+')"
                .to_owned(),
        );
    }
    match key {
        "." => faults.push("must not be '.'".to_owned()),
        ".." => faults.push("must not be '..'".to_owned()),
        key if key.starts_with("..") => faults.push("must not start with '..'".to_owned()),
        _ => {}
    }
    faults
}

/// Faults of a label's value.
pub(crate) fn label_value(value: &str) -> Vec<String> {
    let mut faults = vec![];
    if value.len() > 63 {
        faults.push("must be no more than 63 bytes".to_owned());
    }
    if !VALUE_RE.is_match(value) {
        faults.push(format!(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
             an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{VALUE}')"
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(
            subdomain("a.b-c").is_empty() && label("a-1").is_empty() && qualified_name("x.y/Z_1").is_empty() && label_value("").is_empty()
        );
        assert_eq!(label("a.b"), ["must not contain dots"]);
        assert_eq!(path_segment("a/b"), ["may not contain '/'"]);
        assert_eq!(qualified_name("/k"), ["prefix part must be non-empty"]);
        assert_eq!(subdomain("A").len(), 1);
        assert_eq!(label_value("a b").len(), 1);
    }
}
