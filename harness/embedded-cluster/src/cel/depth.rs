//! How deep an expression's parts can lie in each other: the parser and all that follows go down as deep, on one stack.

/// Deeper expressions are refused, as Kubernetes refuses them.
pub(super) const LIMIT: usize = 250;
/// Longer expressions are refused, in characters.
pub(super) const LENGTH: usize = 100_000;

/// Why an expression is too large to be parsed.
///
/// # Errors
/// In Kubernetes' words.
pub(super) fn check(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length > LENGTH {
        return Err(format!(
            "ERROR: <input>:-1:0: expression code point size exceeds limit: size: {length}, limit {LENGTH}"
        ));
    }
    if depth(text) > LIMIT {
        return Err(format!("ERROR: <input>:-1:0: expression recursion limit exceeded: {LIMIT}"));
    }
    Ok(())
}

/// The most that lies in each other: brackets, and operators of which each takes the one before it as a part.
fn depth(text: &str) -> usize {
    let bytes = text.as_bytes();
    // How many operators the innermost bracket has seen, and how much lies around it.
    let mut levels: Vec<usize> = vec![];
    let (mut operators, mut around, mut deepest) = (0, 0, 0);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                at = end_of_text(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'(' | b'[' | b'{' => {
                levels.push(operators);
                around += operators + 1;
                operators = 0;
            }
            b')' | b']' | b'}' => {
                if let Some(outer) = levels.pop() {
                    operators = outer;
                    around = around.saturating_sub(outer + 1);
                    // What it encloses is a part of what follows: `f(x)(y)`, `[x][y]`.
                    operators += 1;
                }
            }
            b',' => operators = 0,
            byte if (byte == b'.' || is_operator(byte)) && (at == 0 || !is_operator(bytes[at - 1])) => operators += 1,
            b' ' if bytes[at..].starts_with(b" in ") => operators += 1,
            _ => {}
        }
        deepest = deepest.max(around + operators);
        at += 1;
    }
    deepest
}

fn is_operator(byte: u8) -> bool {
    b"?:+-*/%<>=!&|".contains(&byte)
}

/// Where the text that begins at a quote ends; raw ones have no escapes.
fn end_of_text(bytes: &[u8], at: usize) -> usize {
    let before = &bytes[at.saturating_sub(2)..at];
    let raw = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .any(|byte| matches!(byte, b'r' | b'R'));
    let quote = bytes[at];
    let triple = [quote; 3];
    let end: &[u8] = if bytes[at..].starts_with(&triple) { &triple } else { &triple[..1] };
    let mut at = at + end.len();
    while at < bytes.len() {
        if bytes[at] == b'\\' && !raw {
            at += 2;
        } else if bytes[at..].starts_with(end) {
            return at + end.len();
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("true", 0)]
    #[case("a.b.c", 2)]
    #[case("((x))", 2)]
    #[case("[1, 2, 3, 4]", 1)]
    #[case("f(a + b) && g(c)", 3)]
    #[case("'((((' + \"\\\"((((\"", 1)]
    #[case("r'\\' + '((('", 1)]
    #[case("x // ((((\n+ 1", 1)]
    #[case("a in b", 1)]
    fn depths(#[case] text: &str, #[case] expected: usize) {
        assert_eq!(depth(text), expected);
    }

    #[rstest]
    #[case::brackets("(", "1", ")")]
    #[case::lists("[", "1", "]")]
    #[case::maps("{1: ", "1", "}")]
    #[case::choices("true ? 1 : ", "1", "")]
    #[case::sums("1 + ", "1", "")]
    #[case::negations("!(", "true", ")")]
    #[case::fields("", "a", ".b")]
    #[case::indexes("", "a", "[0]")]
    #[case::calls("", "'a'", ".trim()")]
    #[case::conditions("true && ", "true", "")]
    fn whatever_is_let_through_is_not_too_deep(#[case] open: &str, #[case] inner: &str, #[case] close: &str) {
        let nested = |depth: usize| format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
        assert!(check(&nested(5000)).is_err());
        let deepest = (1..=LIMIT).rev().map(nested).find(|text| check(text).is_ok()).unwrap();
        // As much stack as the threads of a runtime have.
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let run = move || super::super::compile(&deepest, super::super::Environment::default()).is_ok();
        thread.spawn(run).unwrap().join().unwrap();
    }
}
