//! Documents as kubectl and Helm read them, as JSON values.
//!
//! YAML 1.1 scalars (see [`scalar`](crate::scalar)), resolved keys, merge keys expanded, duplicate keys refused, empty
//! documents left out. No document limit; texts that stand for millions of values (alias bombs) are refused.
//! Refused although kubectl reads them: `!!binary` and application tags.

use serde_json::Value;

use crate::scalar::Rules;
use crate::{Error, ErrorKind, load, tree};

/// All documents of a text.
///
/// # Errors
/// Not YAML, a duplicate key, an alias bomb, or a value that JSON has not.
pub fn documents(text: &str) -> Result<Vec<Value>, Error> {
    tree::documents(text)?.iter().map(|node| node.to_json(Rules::Kubernetes)).collect()
}

/// The only document of a text; null when there is nothing but comments, as Helm reads an empty values file.
///
/// # Errors
/// As [`documents`], or several documents.
pub fn document(text: &str) -> Result<Value, Error> {
    tree::parse(text)?.map_or(Ok(Value::Null), |node| node.to_json(Rules::Kubernetes))
}

/// As [`document`], where of equal keys the last one counts. Also gives the lines and keys of the others.
///
/// # Errors
/// As [`document`], but for duplicate keys.
pub fn lenient(text: &str) -> Result<(Value, Vec<(usize, String)>), Error> {
    let mut duplicates = Vec::new();
    let mut documents = load::lenient(text, &mut duplicates)?;
    if let [_, second, ..] = documents.as_slice() {
        return Err(Error::new(second.span, ErrorKind::Documents(documents.len())));
    }
    let value = documents.pop().map_or(Ok(Value::Null), |node| node.to_json(Rules::Kubernetes))?;
    let key = |error: Error| match error.kind {
        ErrorKind::DuplicateKey { key, .. } => Some((error.span.line, key)),
        _ => None,
    };
    Ok((value, duplicates.into_iter().filter_map(key).collect()))
}

/// The first document of a text, as Go's `yaml.Unmarshal` reads it: what follows is not looked at, of equal keys the last
/// one counts. Null when the document is empty.
///
/// # Errors
/// As [`document`], but for duplicate keys and further documents.
pub fn first(text: &str) -> Result<Value, Error> {
    lenient(&text[..first_end(text)]).map(|(value, _)| value)
}

/// Where the first document ends.
fn first_end(text: &str) -> usize {
    let mut begun = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let marks = |mark: &str| {
            line.strip_prefix(mark)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        };
        if marks("---") && begun {
            return at;
        }
        if marks("...") {
            return at + line.len();
        }
        begun |= marks("---") || !(line.trim().is_empty() || line.starts_with(['#', '%']));
        at += line.len();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::kubernetes_scalars("{a: no, b: 0755, c: 1_000, d: 'no', e: 1e3}", json!({"a": false, "b": 493, "c": 1000, "d": "no", "e": 1000}))]
    #[case::keys_are_resolved("on: x\n1: z\n", json!({"true": "x", "1": "z"}))]
    #[case::quoted_keys("'on': x\n", json!({"on": "x"}))]
    #[case::aliases("a: &x {k: 1}\nb: *x\n", json!({"a": {"k": 1}, "b": {"k": 1}}))]
    #[case::merge("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n", json!({"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}}))]
    #[case::tags("a: !!str 5\nb: !!int '5'\n", json!({"a": "5", "b": 5}))]
    #[case::blocks("a: |\n  x\n  y\nb: >-\n  x\n  y\n", json!({"a": "x\ny\n", "b": "x y"}))]
    #[case::nothing("# only a comment\n", json!(null))]
    fn one_document(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(document(text).unwrap(), expected);
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        let (value, duplicates) = lenient("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n").unwrap();
        assert_eq!(value, json!({"a": 3, "b": {"c": 2}}));
        assert_eq!(duplicates, [(4, "c".to_owned()), (5, "a".to_owned())]);
    }

    #[rstest]
    #[case("a: 1\n---\nb: [\n", json!({"a": 1}))]
    #[case("# c\n---\na: 1\na: 2\n---\nb: 2\n", json!({"a": 2}))]
    #[case("---\n---\na: 1\n", json!(null))]
    #[case("a: |\n  ---\n  x\n...\nb: 1\n", json!({"a": "---\nx\n"}))]
    #[case("", json!(null))]
    fn only_the_first_document(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(first(text).unwrap(), expected);
    }

    #[test]
    fn many_documents() {
        let text = "---\n# nothing\n---\na: 1\n---\n---\nb: 2\n...\n";
        assert_eq!(documents(text).unwrap(), [json!({"a": 1}), json!({"b": 2})]);
        let many = "a: 1\n---\n".repeat(5000);
        assert_eq!(documents(&many).unwrap().len(), 5000);
        assert_eq!(document(&many).unwrap_err().kind, ErrorKind::Documents(5000));
    }

    #[rstest]
    #[case("a: 1\nb: 2\na: 3\n", 3, 1, "yaml-duplicate-key")]
    #[case("on: 1\ntrue: 2\n", 2, 1, "yaml-duplicate-key")]
    #[case("a:\n  b: [1, 2\n", 2, 6, "yaml-syntax")]
    #[case("a: .inf\n", 1, 4, "yaml-not-json")]
    #[case("a: {~: 1}\n", 1, 5, "yaml-not-json")]
    #[case("? [a]\n: b\n", 1, 3, "yaml-key")]
    #[case("a: !secret x\n", 1, 12, "yaml-tag")]
    #[case("a: *nowhere\n", 1, 4, "yaml-syntax")]
    fn refused(#[case] text: &str, #[case] line: usize, #[case] column: usize, #[case] code: &str) {
        let error = documents(text).unwrap_err();
        assert_eq!((error.code(), error.span.line, error.span.column), (code, line, column), "{error}");
    }

    #[test]
    fn alias_bombs_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..10 {
            text += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "));
        }
        assert_eq!(documents(&text).unwrap_err().code(), "yaml-too-large");
        // Few nodes, but long ones.
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "));
        assert_eq!(documents(&text).unwrap_err().code(), "yaml-too-large");
    }

    #[rstest]
    #[case("[", "]")]
    #[case("{a: ", "}")]
    #[case("- ", "")]
    fn deep_nesting_is_refused(#[case] open: &str, #[case] close: &str) {
        let nested = |depth: usize| format!("{}x{}", open.repeat(depth), close.repeat(depth));
        assert!(documents(&nested(100)).is_ok());
        let refused = documents(&nested(100_000)).unwrap_err();
        assert!(["yaml-too-deep", "yaml-syntax"].contains(&refused.code()), "{refused}");
    }

    #[test]
    fn many_equal_keys_take_no_longer_than_others() {
        let keys: String = (0..50_000).map(|n| format!("k{n}: 1\n")).collect();
        let (value, duplicates) = lenient(&format!("{keys}{keys}")).unwrap();
        assert_eq!(
            (value.as_object().map(serde_json::Map::len), duplicates.len()),
            (Some(50_000), 50_000)
        );
        let indented = keys.replace('k', "  k");
        let merged = lenient(&format!("a: &a\n{indented}b:\n  <<: *a\n{indented}")).unwrap().0;
        assert_eq!(merged["b"].as_object().map(serde_json::Map::len), Some(50_000));
    }
}
