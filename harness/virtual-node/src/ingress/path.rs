//! Path patterns of Ingress rules.

/// A path pattern, with what makes one stronger than another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    Exact(String),
    /// By elements: `/a` matches `/a` and `/a/b`, not `/ab`.
    Prefix(String),
    /// With `*` for any characters, as load balancers read implementation-specific paths.
    Wild(String),
}

impl Pattern {
    /// Reads a rule's path. nginx and AWS's controller differ on implementation-specific paths; common to the charts in
    /// use is that `/a/*` means all below `/a`, and a plain path itself and all below it.
    pub(crate) fn new(path: Option<&str>, kind: &str) -> Self {
        let path = path.filter(|path| !path.is_empty()).unwrap_or("/");
        match kind {
            "Exact" => Self::Exact(path.to_owned()),
            "ImplementationSpecific" if path.contains('*') => Self::Wild(path.to_owned()),
            _ => Self::Prefix(path.trim_end_matches('/').to_owned()),
        }
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Prefix(prefix) => path
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            Self::Wild(pattern) => wild(pattern.as_bytes(), path.as_bytes()),
        }
    }

    /// Of several patterns that match, the one with the greatest strength decides: exact, then the longest.
    pub(crate) fn strength(&self) -> (bool, usize) {
        match self {
            Self::Exact(path) => (true, path.len()),
            Self::Prefix(path) => (false, path.len()),
            Self::Wild(path) => (false, path.find('*').unwrap_or(path.len())),
        }
    }
}

fn wild(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| wild(rest, &text[skip..])),
        Some((expected, rest)) => text
            .split_first()
            .is_some_and(|(found, text)| found == expected && wild(rest, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_match_paths() {
        for (kind, pattern, path, expected) in [
            ("Exact", "/a", "/a", true),
            ("Exact", "/a", "/a/", false),
            ("Prefix", "/a", "/a/b", true),
            ("Prefix", "/a/", "/a", true),
            ("Prefix", "/a", "/ab", false),
            ("Prefix", "/", "/anything", true),
            ("ImplementationSpecific", "/x.AdminService", "/x.AdminService/GetVersion", true),
            ("ImplementationSpecific", "/x.AdminService/*", "/x.AdminService/GetVersion", true),
            ("ImplementationSpecific", "/x.AdminService/*", "/x.AdminServices", false),
            ("ImplementationSpecific", "/*", "/", true),
            ("ImplementationSpecific", "/api/*/x", "/api/v1/x", true),
        ] {
            assert_eq!(Pattern::new(Some(pattern), kind).matches(path), expected, "{kind} {pattern} {path}");
        }
    }

    #[test]
    fn exact_and_long_patterns_are_stronger() {
        let strength = |path, kind| Pattern::new(Some(path), kind).strength();
        assert!(strength("/a", "Exact") > strength("/a/b/c", "Prefix"));
        assert!(strength("/a/b", "Prefix") > strength("/a", "Prefix"));
        assert!(strength("/a/*", "ImplementationSpecific") > strength("/*", "ImplementationSpecific"));
    }
}
