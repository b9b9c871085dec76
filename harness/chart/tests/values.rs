//! Values: `--set` and its kin, and what wins over what.

use chart::Values;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case::types("a=1,b=true,c=null,d=x,e=1.5,f=007,g=-3", json!({"a": 1, "b": true, "c": null, "d": "x", "e": "1.5", "f": "007", "g": -3}))]
#[case::nested("a.b.c=x,a.b.d=y", json!({"a": {"b": {"c": "x", "d": "y"}}}))]
#[case::escapes(r"a\.b=c\,d", json!({"a.b": "c,d"}))]
#[case::node_selector(r"nodeSelector.kubernetes\.io/role=master", json!({"nodeSelector": {"kubernetes.io/role": "master"}}))]
#[case::index("a[0].b=1,a[2]=x", json!({"a": [{"b": 1}, null, "x"]}))]
#[case::index_of_index("a[1][0]=x", json!({"a": [null, ["x"]]}))]
#[case::lists("a={x,1,true},b={}", json!({"a": ["x", 1, true], "b": [""]}))]
#[case::after_a_list("a={x},b=1", json!({"a": ["x"], "b": 1}))]
#[case::empty("a=,b=1", json!({"a": "", "b": 1}))]
#[case::equals_in_value("a=b=c", json!({"a": "b=c"}))]
#[case::null_item_becomes_map("a[1]=x,a[0].b=2", json!({"a": [{"b": 2}, "x"]}))]
fn set(#[case] expression: &str, #[case] expected: Value) {
    let values = Values::builder().set(expression).unwrap().build();
    assert_eq!(Value::Object(values.as_json().clone()), expected);
}

#[rstest]
#[case("a", "has no value")]
#[case("a,b=1", "has no value")]
#[case("=x", "a key is empty")]
#[case("a[x]=1", "error parsing index")]
#[case("a[99999]=1", "greater than maximum supported index")]
#[case("a={x", "list must terminate")]
#[case("a=1,a.b=2", "interface {} is int64, not map[string]interface {}")]
#[case("a[1]x=2", "unexpected data at end of array index: \"x\"")]
#[case("a..b=2", "key map \"a\" has no value")]
// What Helm drops without a word.
#[case("a[0]", "index 0 has no value")]
#[case(".a=1", "a key is empty")]
fn set_refuses(#[case] expression: &str, #[case] message: &str) {
    let error = Values::builder().set(expression).unwrap_err();
    assert_eq!(error.code(), "chart-values");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn later_ones_win_and_mappings_merge() {
    let values = Values::builder()
        .yaml("first.yaml", "a: {x: 1, w: 2}\nb: [1, 2]\nc: {d: 1}\n")
        .and_then(|b| b.yaml("second.yaml", "a: {w: 3}\nb: [3]\nc: null\n"))
        .unwrap()
        .inline(json!({"a": {"z": 4}}).as_object().unwrap().clone())
        .set("a.x=5")
        .and_then(|b| b.set_string("s=5"))
        .and_then(|b| b.set_json("j={\"k\": [1]}"))
        .unwrap()
        .build();
    let expected = json!({"a": {"x": 5, "w": 3.0, "z": 4.0}, "b": [3.0], "c": null, "s": "5", "j": {"k": [1.0]}});
    assert_eq!(Value::Object(values.as_json().clone()), expected);
}

#[rstest]
#[case("- a\n", "the values are not a mapping")]
#[case("a: [\n", "error converting YAML to JSON")]
fn files_that_are_no_values(#[case] text: &str, #[case] message: &str) {
    let error = Values::builder().yaml("values.yaml", text).unwrap_err();
    assert!(error.to_string().starts_with("values.yaml: "), "{error}");
    assert!(error.to_string().contains(message), "{error}");
}
