//! Comments that trim on their left only.
//!
//! In Go `{{- /* .. */}}` takes away the blanks before it and leaves those behind it. The parser that we use would take both, so such a comment is
//! written as one that begins before the blanks: the same number of bytes and lines, and nothing to trim.

use std::borrow::Cow;

const OPEN: &str = "{{";
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// The source with those comments rewritten; every other byte stays where it is.
///
/// # Errors
/// Where a comment stands behind blanks without a `-`, which the parser would let pass.
pub(super) fn rewritten(source: &str) -> Result<Cow<'_, str>, usize> {
    let mut out = String::new();
    // Up to here `source` is in `out`; up to `at` it has been looked at.
    let (mut taken, mut at) = (0, 0);
    while let Some(found) = source[at..].find(OPEN) {
        let open = at + found;
        let inside = &source[open + OPEN.len()..];
        let trimmed = inside.strip_prefix('-').filter(|rest| rest.starts_with(BLANKS));
        let body = trimmed.unwrap_or(inside).trim_start_matches(BLANKS);
        let start = source.len() - body.len();
        if !body.starts_with("/*") {
            at = start + action_end(body);
            continue;
        }
        if trimmed.is_none() && inside.len() > body.len() {
            return Err(open);
        }
        let Some(end) = body.find("*/").map(|end| start + end + 2) else {
            break;
        };
        at = end;
        let closed = source[end..].starts_with("}}");
        if trimmed.is_some() && closed {
            let text = source[taken..open].trim_end_matches(BLANKS);
            let blanks = &source[taken + text.len()..open];
            out += text;
            out += "{{/*";
            out += blanks;
            out.extend(std::iter::repeat_n(' ', start - open - OPEN.len()));
            out += &source[start + 2..end];
            taken = end;
        }
    }
    if taken == 0 {
        return Ok(Cow::Borrowed(source));
    }
    out += &source[taken..];
    Ok(Cow::Owned(out))
}

/// Where an action ends: behind its `}}`, which no text in it can be.
fn action_end(body: &str) -> usize {
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if body[at..].starts_with("}}") => return at + 2,
            quote @ (b'"' | b'`' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' && quote != b'`' { 2 } else { 1 };
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::rewritten;

    #[rstest]
    #[case("a\n  {{- /* c\n d */}}\nb", "a{{/*\n     c\n d */}}\nb")]
    #[case("{{ x }}\n{{- /* a */}}\n{{- /* b */}}\ny", "{{ x }}{{/*\n   a */}}{{/*\n   b */}}\ny")]
    // These the parser reads as Go does.
    #[case("a {{/* c */}} b", "a {{/* c */}} b")]
    #[case("a {{- /* c */ -}} b", "a {{- /* c */ -}} b")]
    #[case("a {{/* c */ -}} b", "a {{/* c */ -}} b")]
    #[case(
        r#"{{ print "{{- /* no */}}" }} {{`{{- /* é */}}`}}"#,
        r#"{{ print "{{- /* no */}}" }} {{`{{- /* é */}}`}}"#
    )]
    #[case("a {{- /* open", "a {{- /* open")]
    #[case("a {{- x", "a {{- x")]
    fn comments(#[case] source: &str, #[case] expected: &str) {
        let rewritten = rewritten(source).unwrap();
        assert_eq!(rewritten, expected);
        assert_eq!(rewritten.len(), source.len());
    }

    #[test]
    fn blanks_before_a_comment() {
        assert_eq!(rewritten("a {{ /* c */ }}"), Err(2));
    }
}
