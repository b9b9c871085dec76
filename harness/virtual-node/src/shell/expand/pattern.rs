//! Shell patterns: `*`, `?`, `[a-z]`, `[!x]`, `[[:digit:]]`.

/// A pattern, ready to match.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pattern(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    Char(char),
    Any,
    One,
    Set { negated: bool, items: Vec<Item> },
}

#[derive(Debug, Clone)]
enum Item {
    Range(char, char),
    Class(String),
}

impl Pattern {
    /// A pattern of texts, of which those that are quoted stand for themselves.
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let marked = texts
            .into_iter()
            .flat_map(|(text, quoted)| text.chars().map(move |next| (next, quoted)));
        let chars: Vec<(char, bool)> = marked.collect();
        let (mut steps, mut at) = (Vec::new(), 0);
        while let Some((next, quoted)) = chars.get(at).copied() {
            at += 1;
            steps.push(match next {
                '*' if !quoted => Step::Any,
                '?' if !quoted => Step::One,
                '[' if !quoted => match set(&chars[at..]) {
                    Some((step, length)) => {
                        at += length;
                        step
                    }
                    None => Step::Char('['),
                },
                '\\' if !quoted && at < chars.len() => {
                    at += 1;
                    Step::Char(chars[at - 1].0)
                }
                other => Step::Char(other),
            });
        }
        Self(steps)
    }

    /// Whether it matches the whole text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.matches_chars(&text)
    }

    fn matches_chars(&self, text: &[char]) -> bool {
        let (mut step, mut at) = (0, 0);
        // Where to go on if what follows the last `*` does not match.
        let mut back = None;
        loop {
            match self.0.get(step) {
                Some(Step::Any) => {
                    back = Some((step + 1, at));
                    step += 1;
                    continue;
                }
                Some(one) if at < text.len() && one.takes(text[at]) => {
                    (step, at) = (step + 1, at + 1);
                    continue;
                }
                None if at == text.len() => return true,
                _ => {}
            }
            match back {
                Some((after, from)) if from < text.len() => {
                    back = Some((after, from + 1));
                    (step, at) = (after, from + 1);
                }
                _ => return false,
            }
        }
    }

    /// The text without the part at its beginning or end that matches.
    pub(crate) fn trim(&self, text: &str, end: bool, longest: bool) -> String {
        let chars: Vec<char> = text.chars().collect();
        let lengths: Vec<usize> = if longest {
            (0..=chars.len()).rev().collect()
        } else {
            (0..=chars.len()).collect()
        };
        for length in lengths {
            let (part, rest) = if end {
                let (rest, part) = chars.split_at(chars.len() - length);
                (part, rest)
            } else {
                chars.split_at(length)
            };
            if self.matches_chars(part) {
                return rest.iter().collect();
            }
        }
        text.to_owned()
    }
}

impl Step {
    fn takes(&self, next: char) -> bool {
        match self {
            Self::Char(expected) => *expected == next,
            Self::Any | Self::One => true,
            Self::Set { negated, items } => items.iter().any(|item| item.holds(next)) != *negated,
        }
    }
}

impl Item {
    fn holds(&self, next: char) -> bool {
        match self {
            Self::Range(from, to) => (*from..=*to).contains(&next),
            Self::Class(name) => match name.as_str() {
                "alpha" => next.is_alphabetic(),
                "digit" => next.is_ascii_digit(),
                "alnum" => next.is_alphanumeric(),
                "upper" => next.is_uppercase(),
                "lower" => next.is_lowercase(),
                "space" => next.is_whitespace(),
                "blank" => next == ' ' || next == '\t',
                "punct" => next.is_ascii_punctuation(),
                "xdigit" => next.is_ascii_hexdigit(),
                "cntrl" => next.is_control(),
                "print" => !next.is_control(),
                "graph" => !next.is_control() && next != ' ',
                _ => false,
            },
        }
    }
}

/// The set after a `[`, and how many characters it takes with its `]`.
fn set(chars: &[(char, bool)]) -> Option<(Step, usize)> {
    let mut at = 0;
    let negated = matches!(chars.first()?, ('!' | '^', false));
    if negated {
        at += 1;
    }
    let mut items = Vec::new();
    loop {
        let (next, quoted) = *chars.get(at)?;
        if next == ']' && !quoted && !items.is_empty() {
            return Some((Step::Set { negated, items }, at + 1));
        }
        if next == '[' && !quoted && chars.get(at + 1).is_some_and(|(next, _)| *next == ':') {
            let name: String = chars[at + 2..]
                .iter()
                .map(|(next, _)| *next)
                .take_while(|next| *next != ':')
                .collect();
            let after = at + 2 + name.chars().count();
            if matches!((chars.get(after), chars.get(after + 1)), (Some((':', _)), Some((']', _)))) {
                items.push(Item::Class(name));
                at = after + 2;
                continue;
            }
        }
        let range = chars.get(at + 1).is_some_and(|(next, quoted)| *next == '-' && !quoted);
        match chars.get(at + 2) {
            Some((to, quoted)) if range && (*to != ']' || *quoted) => {
                items.push(Item::Range(next, *to));
                at += 3;
            }
            _ => {
                items.push(Item::Range(next, next));
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn texts_match_patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*.y?ml", "a.yaml", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]x]", "]", true),
            ("[x", "[x", true),
            ("[[:digit:]]*", "7up", true),
            ("*a*b*", "xxaxxbxx", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("?", "é", true),
        ] {
            assert_eq!(Pattern::new([(pattern, false)]).matches(text), expected, "{pattern} {text}");
        }
        assert!(!Pattern::new([("*", true)]).matches("x"), "a quoted star is a star");
    }
}
