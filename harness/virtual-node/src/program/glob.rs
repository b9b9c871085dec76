//! Shell patterns for paths: `*` and `?` within one segment.

/// Whether `path` matches `pattern`, segment by segment.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut segments) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return true,
            (Some(pattern), Some(segment)) if segment_matches(pattern.as_bytes(), segment.as_bytes()) => {}
            _ => return false,
        }
    }
}

fn segment_matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            segment_matches(rest, text) || text.split_first().is_some_and(|(_, tail)| segment_matches(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => segment_matches(rest, tail),
        (Some((expected, rest)), Some((found, tail))) => expected == found && segment_matches(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stay_within_a_segment() {
        for (pattern, path, expected) in [
            ("/etc/config/*.yaml", "/etc/config/a.yaml", true),
            ("/etc/config/*.yaml", "/etc/config/a.yml", false),
            ("/etc/config/*.yaml", "/etc/config/deep/a.yaml", false),
            ("/etc/*/a.yaml", "/etc/config/a.yaml", true),
            ("/etc/config/?", "/etc/config/a", true),
            ("/etc/config/?", "/etc/config/ab", false),
            ("/etc/config/a", "/etc/config/a", true),
            ("/etc/config", "/etc/config/a", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
