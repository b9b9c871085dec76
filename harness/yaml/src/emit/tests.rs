use super::*;
use rstest::rstest;
use serde_json::json;

/// Expected texts as Helm's `toYaml` and kubectl write them.
#[rstest]
#[case::nested(json!({"a": {"b": [1, {"c": null, "d": []}], "e": {}}}), "a:\n  b:\n  - 1\n  - c: null\n    d: []\n  e: {}\n")]
#[case::top_list(json!([[1, 2], {"a": "x", "b": ["y"]}]), "- - 1\n  - 2\n- a: x\n  b:\n  - \"y\"\n")]
#[case::scalars(json!({"t": true, "n": 1, "f": 0.1}), "f: 0.1\n\"n\": 1\nt: true\n")]
#[case::top_string(json!("plain text"), "plain text\n")]
#[case::yes(json!(["yes", "no", "on", "y", "~", "null", "", "true"]), "- \"yes\"\n- \"no\"\n- \"on\"\n- \"y\"\n- \"~\"\n- \"null\"\n- \"\"\n- \"true\"\n")]
#[case::numbers(json!(["1", "1_000", "0755", "1e3", "0x1F", ".5", "1.2.3", "v1"]), "- \"1\"\n- \"1_000\"\n- \"0755\"\n- \"1e3\"\n- \"0x1F\"\n- \".5\"\n- 1.2.3\n- v1\n")]
#[case::times(json!(["12:30", "12:30:45", "2024-01-01", "2024-01-01T00:00:00Z", "10.0.0.1:80", "::1"]), "- \"12:30\"\n- \"12:30:45\"\n- \"2024-01-01\"\n- \"2024-01-01T00:00:00Z\"\n- 10.0.0.1:80\n- ::1\n")]
#[case::indicators(json!(["- a", "a: b", "a #b", "a#b", "*x", "&x", "{a}", "[a]", "@x", "%x", "!x", "'q'", "\"q\"", "-x", "?x", "a, b", "key:"]), "- '- a'\n- 'a: b'\n- 'a #b'\n- a#b\n- '*x'\n- '&x'\n- '{a}'\n- '[a]'\n- '@x'\n- '%x'\n- '!x'\n- '''q'''\n- '\"q\"'\n- -x\n- ?x\n- a, b\n- 'key:'\n")]
#[case::spaces(json!([" a", "a ", "a\tb", "a\n"]), "- ' a'\n- 'a '\n- \"a\\tb\"\n- |\n  a\n")]
#[case::literal(json!({"a": "x\ny\n", "b": "x\n\ny", "c": "x\n\n", "d": " x\ny\n"}), "a: |\n  x\n  y\nb: |-\n  x\n\n  y\nc: |+\n  x\n\nd: |2\n   x\n  y\n")]
#[case::literal_refused(json!(["a \nb\n", "tab\there\n"]), "- \"a \\nb\\n\"\n- \"tab\\there\\n\"\n")]
#[case::unicode(json!(["häß", "😀", "a\u{7}"]), "- häß\n- \"\\U0001F600\"\n- \"a\\a\"\n")]
#[case::floats(json!([1.0, 1_000_000.0, 0.00001, 1e21, -2.5]), "- 1\n- 1000000\n- 1e-05\n- 1e+21\n- -2.5\n")]
#[case::keys(json!({"a10": 1, "a2": 1, "B": 1, "app.kubernetes.io/name": 1}), "B: 1\na2: 1\na10: 1\napp.kubernetes.io/name: 1\n")]
fn as_go_writes(#[case] value: Value, #[case] expected: &str) {
    assert_eq!(document(&value), expected);
    assert_eq!(
        normalised(&crate::manifest::document(expected).unwrap()),
        normalised(&value),
        "read back"
    );
}

/// Integral floats come back as integers, as through Go.
fn normalised(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => crate::scalar::through_json(number.as_f64().unwrap()),
        Value::Array(items) => items.iter().map(normalised).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), normalised(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn long_lines_are_folded_after_column_80() {
    let words = "word ".repeat(20);
    let value = json!({"a": words.trim_end(), "b": format!("{}: x", words.trim_end())});
    let text = document(&value);
    assert_eq!(text.lines().nth(1), Some("  word word word word"));
    assert!(text.lines().next().unwrap().len() >= 80);
    assert_eq!(crate::manifest::document(&text).unwrap(), value);
}

#[test]
fn several_documents() {
    assert_eq!(documents(&[json!({"a": 1}), json!(2)]), "---\na: 1\n---\n2\n");
}
