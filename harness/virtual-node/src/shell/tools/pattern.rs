//! POSIX' regular expressions, basic and extended, as the crate `regex` reads them.
//!
//! Of several ways to match from the same place, that crate takes the first and POSIX the longest: `a|ab` differs where the second
//! matches as well.

use regex::{Regex, RegexBuilder};

use super::Failure;

/// A pattern, ready to match. What cannot be expressed is refused.
pub(super) fn regex(pattern: &str, extended: bool, ignores_case: bool) -> Result<Regex, Failure> {
    let text = translated(pattern, extended).map_err(|part| Failure::Code(2, format!("{pattern}: {part} is not supported here")))?;
    let built = RegexBuilder::new(&text).case_insensitive(ignores_case).build();
    built.map_err(|_| Failure::Code(2, format!("bad regex '{pattern}'")))
}

fn translated(pattern: &str, extended: bool) -> Result<String, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let (mut text, mut at) = (String::new(), 0);
    // At the beginning of a pattern, a group or an alternative.
    let mut first = true;
    while let Some(next) = chars.get(at).copied() {
        at += 1;
        let wfirst = std::mem::take(&mut first);
        let last = at == chars.len();
        match next {
            '\\' => {
                let Some(escaped) = chars.get(at).copied() else {
                    return Err("a backslash at the end".to_owned());
                };
                at += 1;
                match escaped {
                    '(' | ')' | '{' | '}' | '|' | '+' | '?' if !extended => {
                        first = matches!(escaped, '(' | '|');
                        text.push(escaped);
                    }
                    '<' => text.push_str("\\b{start}"),
                    '>' => text.push_str("\\b{end}"),
                    'w' | 'W' | 's' | 'S' | 'b' | 'B' => text.extend(['\\', escaped]),
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    digit if digit.is_ascii_digit() => return Err(format!("\\{digit}")),
                    other => text.push_str(&regex::escape(&other.to_string())),
                }
            }
            '[' => at = bracket(&chars, at, &mut text)?,
            '*' if wfirst => text.push_str("\\*"),
            '*' | '.' => text.push(next),
            '^' if extended || wfirst => {
                first = true;
                text.push('^');
            }
            '$' if extended || last || (chars.get(at) == Some(&'\\') && matches!(chars.get(at + 1), Some(')' | '|'))) => text.push('$'),
            '{' if extended && !chars.get(at).is_some_and(char::is_ascii_digit) => text.push_str("\\{"),
            '(' | '|' if extended => {
                first = true;
                text.push(next);
            }
            ')' | '+' | '?' | '{' | '}' if extended => text.push(next),
            other => text.push_str(&regex::escape(&other.to_string())),
        }
    }
    Ok(text)
}

/// A set after its `[`; where it ends.
fn bracket(chars: &[char], mut at: usize, text: &mut String) -> Result<usize, String> {
    text.push('[');
    if chars.get(at) == Some(&'^') {
        text.push('^');
        at += 1;
    }
    let began = at;
    loop {
        let Some(next) = chars.get(at).copied() else {
            return Err("[ without ]".to_owned());
        };
        at += 1;
        match next {
            ']' if at > began + 1 => {
                text.push(']');
                return Ok(at);
            }
            '[' if chars.get(at) == Some(&':') => {
                let end = (at + 1..chars.len()).find(|end| chars[*end] == ':').ok_or("[: without :]")?;
                text.push_str("[:");
                text.extend(&chars[at + 1..end]);
                text.push_str(":]");
                at = end + 2;
            }
            '-' => text.push('-'),
            other => text.push_str(&regex::escape(&other.to_string()).replace('~', "\\~")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::regex;

    #[test]
    fn patterns_mean_what_posix_says() {
        for (pattern, extended, text, expected) in [
            ("a+b", false, "a+b", true),
            ("a+b", false, "aab", false),
            ("a\\+b", false, "aab", true),
            ("a+b", true, "aab", true),
            ("*x", false, "*x", true),
            ("a{2}", false, "a{2}", true),
            ("a\\{2\\}", false, "aa", true),
            ("{x", true, "{x", true),
            ("^\\(a\\|b\\)$", false, "b", true),
            ("[]a]", false, "]", true),
            ("[[:digit:]-]", false, "-", true),
            ("[a\\]", false, "\\", true),
            ("a^b$c", false, "a^b$c", true),
            ("\\<word\\>", false, "a word.", true),
            ("a.c", false, "a\u{e9}c", true),
        ] {
            assert_eq!(
                regex(pattern, extended, false).unwrap().is_match(text),
                expected,
                "{pattern} {text}"
            );
        }
        assert!(regex("\\(a\\)\\1", false, false).is_err() && regex("[a", false, false).is_err());
    }
}
