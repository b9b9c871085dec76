//! Texts with `*`, `?` and variables.

use crate::{Keys, Version};

/// One part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    One(char),
    AnyOne,
    Any,
}

/// A text of a policy, its variables replaced for one request.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Part>);

impl Pattern {
    /// Reads a text. `None`: a variable has no value, so that nothing matches.
    pub(crate) fn new(text: &str, wildcards: bool, version: Version, keys: &Keys) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if version == Version::V2012
                && let Some((name, after)) = rest.strip_prefix("${").and_then(|inner| inner.split_once('}'))
            {
                parts.extend(variable(name, keys)?.chars().map(Part::One));
                rest = after;
                continue;
            }
            parts.push(match first {
                '*' if wildcards => Part::Any,
                '?' if wildcards => Part::AnyOne,
                other => Part::One(other),
            });
            rest = &rest[first.len_utf8()..];
        }
        Some(Self(parts))
    }

    /// Whether a text matches as a whole.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        matches(&self.0, &text)
    }

    pub(crate) fn matches_ignoring_case(&self, text: &str) -> bool {
        let lower = |part: &Part| match part {
            Part::One(c) => c.to_lowercase().map(Part::One).collect(),
            other => vec![*other],
        };
        let parts: Vec<Part> = self.0.iter().flat_map(lower).collect();
        let text: Vec<char> = text.to_lowercase().chars().collect();
        matches(&parts, &text)
    }

    /// Whether an ARN matches part by part: a wildcard does not reach over a colon, but in the last part.
    pub(crate) fn matches_arn(&self, text: &str) -> bool {
        let parts: Vec<&[Part]> = self.0.splitn(6, |part| *part == Part::One(':')).collect();
        let text: Vec<Vec<char>> = text.splitn(6, ':').map(|part| part.chars().collect()).collect();
        parts.len() == text.len() && parts.iter().zip(&text).all(|(parts, text)| matches(parts, text))
    }
}

/// A variable's value; `${*}`, `${?}` and `${$}` are these characters. `${key, 'default'}` has a value in any case.
fn variable(name: &str, keys: &Keys) -> Option<String> {
    if matches!(name, "*" | "?" | "$") {
        return Some(name.to_owned());
    }
    let (key, default) = name
        .split_once(',')
        .map_or((name, None), |(key, default)| (key, Some(default.trim())));
    match keys.get(key.trim()) {
        Some([value]) => Some(value.clone()),
        _ => default.map(|text| text.trim_matches('\'').to_owned()),
    }
}

/// Goes back to the last `*` when what follows it does not fit, so that it takes no more than pattern x text steps.
fn matches(pattern: &[Part], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Part::Any) => {
                last = Some((p, t));
                p += 1;
            }
            Some(Part::AnyOne) => (p, t) = (p + 1, t + 1),
            Some(Part::One(c)) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((star, from)) = last else { return false };
                last = Some((star, from + 1));
                (p, t) = (star + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|part| *part == Part::Any)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a*c", "abbc", true)]
    #[case("a*c", "abbcd", false)]
    #[case("a*b*c", "aXbYbZc", true)]
    #[case("*", "", true)]
    #[case("?", "", false)]
    #[case("a?c", "abc", true)]
    #[case("a?c", "a\u{e9}c", true)]
    #[case("A", "a", false)]
    #[case("system:serviceaccount:*:default", "system:serviceaccount:team1-production:default", true)]
    #[case("system:serviceaccount:*:default", "system:serviceaccount:team1:default2", false)]
    #[case("home/${aws:username}/*", "home/ann/x", true)]
    #[case("home/${aws:username}/*", "home/bob/x", false)]
    #[case("${AWS:UserName}", "ann", true)]
    #[case("${aws:other}", "", false)]
    #[case("${aws:other, 'none'}", "none", true)]
    #[case("a${*}c", "a*c", true)]
    #[case("a${*}c", "abc", false)]
    #[case("${star}", "x", false)]
    #[case("${unclosed", "${unclosed", true)]
    fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        let keys = Keys::new().with("aws:username", ["ann"]).with("star", ["*"]);
        let pattern = Pattern::new(pattern, true, Version::V2012, &keys);
        assert_eq!(pattern.is_some_and(|pattern| pattern.matches(text)), expected);
    }

    #[test]
    fn before_2012_there_are_no_variables() {
        let keys = Keys::new().with("a", ["b"]);
        assert!(Pattern::new("${a}", true, Version::V2008, &keys).unwrap().matches("${a}"));
    }

    #[test]
    fn long_patterns_take_no_long_time() {
        let pattern = Pattern::new(&"*a".repeat(200), true, Version::V2012, &Keys::new()).unwrap();
        assert!(!pattern.matches(&"a".repeat(4000).replace("aaaaaaaaaa", "aaaaaaaaab")[..3999]) || !pattern.matches("b"));
    }

    #[rstest]
    #[case("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", true)]
    #[case("arn:aws:*:role/a", "arn:aws:iam::1:role/a", false)]
    #[case("arn:*:iam::*:role/a", "arn:aws:iam::1:role/a", true)]
    fn arns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        let pattern = Pattern::new(pattern, true, Version::V2012, &Keys::new()).unwrap();
        assert_eq!(pattern.matches_arn(text), expected);
    }
}
