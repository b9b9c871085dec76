//! Rules against objects, beyond what the recordings show.

use super::super::{Structural, check};
use crate::value::{Value, json};

/// A schema whose `spec` has these rules and fields.
fn schema(rules: &Value, fields: &Value) -> Value {
    json!({"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-validations": rules, "properties": fields}}})
}

#[rstest::rstest]
#[case::names_are_escaped(json!({"rule": "self.__namespace__ != '' && self.a__dash__b > 0"}), json!({"namespace": "x", "a-b": 0}),
    "spec: Invalid value: failed rule: self.__namespace__ != '' && self.a__dash__b > 0")]
#[case::times(json!({"rule": "self.at > timestamp('2020-01-01T00:00:00Z')"}), json!({"at": "2019-05-05T00:00:00Z"}),
    "spec: Invalid value: failed rule: self.at > timestamp('2020-01-01T00:00:00Z')")]
#[case::durations(json!({"rule": "self.wait < duration('1m')", "message": "too long"}), json!({"wait": "2m"}), "spec: Invalid value: too long")]
#[case::required(json!({"rule": "has(self.namespace) || has(self.at)", "reason": "FieldValueRequired", "fieldPath": ".at", "message": "when?"}),
    json!({}), "spec.at: Required value: when?")]
#[case::a_message_with_a_line_break(json!({"rule": "false", "messageExpression": "'a\\nb'", "message": "plain"}), json!({}), "spec: Invalid value: plain")]
#[case::nothing_wrong(json!({"rule": "!has(self.wait)"}), json!({}), "")]
#[case::integers_of_numbers(json!({"rule": "self.n / 2.0 < 2.0"}), json!({"n": 5}), "spec: Invalid value: failed rule: self.n / 2.0 < 2.0")]
fn objects(#[case] rule: Value, #[case] spec: Value, #[case] expected: &str) {
    let text = |format: &str| json!({"type": "string", "format": format});
    let fields = json!({
        "namespace": {"type": "string"}, "a-b": {"type": "integer"}, "n": {"type": "number"},
        "at": text("date-time"), "wait": text("duration"),
    });
    let rule = if expected.contains("__namespace__") {
        rule
    } else {
        let escaped = rule["rule"].as_str().unwrap().replace("self.namespace", "self.__namespace__");
        let mut rule = rule;
        rule["rule"] = escaped.into();
        rule
    };
    let schema = schema(&json!([rule]), &fields);
    assert_eq!(
        check(&schema, "").iter().map(|cause| cause.line()).collect::<Vec<_>>().join("; "),
        ""
    );
    let found = Structural::parse(&schema).unwrap().validate(&json!({"spec": spec}), None);
    assert_eq!(found.iter().map(|cause| cause.line()).collect::<Vec<_>>().join("; "), expected);
}

#[test]
fn items_are_known_by_their_keys() {
    let item = json!({
        "type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "v": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.v >= oldSelf.v", "message": "must not shrink"}],
    });
    let list = json!({"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]});
    let schema = schema(&json!([]), &json!({"list": list}));
    let structural = Structural::parse(&schema).unwrap();
    let of = |items: Value| json!({"spec": {"list": items}});
    let old = of(json!([{"k": "a", "v": 1}, {"k": "b", "v": 5}]));
    let moved = of(json!([{"k": "b", "v": 5}, {"k": "new", "v": 0}, {"k": "a", "v": 2}]));
    assert_eq!(structural.validate(&moved, Some(&old)), []);
    let shrunk = of(json!([{"k": "b", "v": 4}]));
    let found = structural.validate(&shrunk, Some(&old));
    assert_eq!(
        found.iter().map(|cause| cause.line()).collect::<Vec<_>>(),
        ["spec.list[0]: Invalid value: must not shrink"]
    );
}

#[test]
fn what_did_not_change_is_not_checked_again() {
    let fields = json!({"n": {"type": "integer", "x-kubernetes-validations": [{"rule": "self < 3"}]}, "m": {"type": "integer"}});
    let structural = Structural::parse(&schema(&json!([]), &fields)).unwrap();
    let (old, new) = (json!({"spec": {"n": 9, "m": 1}}), json!({"spec": {"n": 9, "m": 2}}));
    assert_eq!(structural.validate(&new, Some(&old)), []);
    assert_eq!(structural.validate(&new, None).len(), 1);
}

#[rstest::rstest]
#[case(json!({"rule": "self.nosuch == 1"}), "undefined field 'nosuch'")]
#[case(json!({"rule": "self.n == 1", "messageExpression": "self.n"}), "messageExpression must evaluate to a string")]
#[case(json!({"rule": "self.n == 1", "optionalOldSelf": true}), "option optionalOldSelf is set but the rule does not use oldSelf")]
#[case(json!({"rule": "self.n == 1", "message": "a\nb"}), "message must not contain line breaks")]
#[case(json!({"rule": "self.n.all(x, x)"}), "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)")]
fn definitions(#[case] rule: Value, #[case] expected: &str) {
    let schema = schema(&json!([rule]), &json!({"n": {"type": "integer"}}));
    let found: Vec<String> = check(&schema, "").iter().map(|cause| cause.line()).collect();
    assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
}
