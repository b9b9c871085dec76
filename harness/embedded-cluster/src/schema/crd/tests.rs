//! The mechanisms together, on one schema.

use crate::value::{Value, json};
use rstest::rstest;

use super::{Structural, check, warnings};

fn schema() -> Value {
    json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "s": {"type": "string", "minLength": 3, "maxLength": 5, "pattern": "^a"},
        "i": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
        "i32": {"type": "integer", "format": "int32"},
        "e": {"type": "string", "enum": ["x", "y"]},
        "l": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
        "m": {"type": "object", "maxProperties": 1, "additionalProperties": {"type": "integer"}},
        "req": {"type": "object", "required": ["must"], "properties": {"must": {"type": "string"}}},
        "date": {"type": "string", "format": "date-time"},
        "dur": {"type": "string", "format": "duration"},
        "ios": {"x-kubernetes-int-or-string": true},
        "any": {"type": "string", "anyOf": [{"minLength": 5}, {"pattern": "^x"}]},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "nul": {"type": "string", "nullable": true},
        "d": {"type": "object", "default": {}, "properties": {"n": {"type": "integer", "default": 5}}},
        "emb": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        "keep": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
                 "properties": {"deep": {"type": "object", "properties": {"a": {"type": "string"}}}}},
    }}}})
}

#[rstest]
#[case(json!({"s": "a"}), "spec.s: Invalid value: \"a\": spec.s in body should be at least 3 chars long")]
#[case(json!({"s": "aaaaaa"}), "spec.s: Too long: may not be more than 5 bytes")]
#[case(json!({"s": "bbb"}), "spec.s: Invalid value: \"bbb\": spec.s in body should match '^a'")]
#[case(json!({"i": 0}), "spec.i: Invalid value: 0: spec.i in body should be greater than or equal to 1")]
#[case(json!({"i": 10}), "spec.i: Invalid value: 10: spec.i in body should be less than or equal to 9")]
#[case(json!({"i": 1.5}), "spec.i: Invalid value: \"number\": spec.i in body must be of type integer: \"number\"; \
    <nil>: Invalid value: \"\": Checked value must be of type integer (default format) in spec.i; \
    spec.i: Invalid value: 1.5: spec.i in body should be a multiple of 2")]
#[case(json!({"i32": 3_000_000_000_i64}), "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec.i32")]
#[case(json!({"e": "z"}), "spec.e: Unsupported value: \"z\": supported values: \"x\", \"y\"")]
#[case(json!({"l": []}), "spec.l: Invalid value: 0: spec.l in body should have at least 1 items")]
#[case(json!({"l": ["a", "b", "c"]}), "spec.l: Too many: 3: must have at most 2 items")]
#[case(json!({"l": [1]}), "spec.l[0]: Invalid value: \"integer\": spec.l[0] in body must be of type string: \"integer\"")]
#[case(json!({"m": {"a": 1, "b": 2}}), "spec.m: Too many: 2: must have at most 1 item")]
#[case(json!({"req": {}}), "spec.req.must: Required value")]
#[case(json!({"date": "nope"}), "spec.date: Invalid value: \"nope\": spec.date in body must be of type date-time: \"nope\"")]
#[case(json!({"dur": "5x"}), "spec.dur: Invalid value: \"5x\": spec.dur in body must be of type duration: \"5x\"")]
#[case(json!({"dur": "1h30m"}), "")]
#[case(json!({"ios": true}), "spec.ios: Invalid value: \"boolean\": spec.ios in body must be of type integer,string: \"boolean\"")]
#[case(json!({"ios": "50%"}), "")]
#[case(json!({"any": "a"}), "<nil>: Invalid value: \"\": \"spec.any\" must validate at least one schema (anyOf); \
    spec.any: Invalid value: \"a\": spec.any in body should be at least 5 chars long")]
#[case(json!({"set": ["a", "a"]}), "spec.set[1]: Duplicate value: \"a\"")]
#[case(json!({"nul": null}), "")]
#[case(json!({"emb": {"kind": "Pod"}}), "spec.emb.apiVersion: Required value")]
#[case(json!("x"), "spec: Invalid value: \"string\": spec in body must be of type object: \"string\"")]
fn validates(#[case] spec: Value, #[case] expected: &str) {
    let structural = Structural::parse(&schema()).unwrap();
    let causes = structural.validate(&json!({"spec": spec}), None);
    let lines: Vec<String> = causes.iter().map(|cause| cause.line()).collect();
    assert_eq!(lines.join("; "), expected);
}

#[test]
fn unchanged_values_are_not_validated_again() {
    let structural = Structural::parse(&schema()).unwrap();
    let old = json!({"spec": {"s": "toolong", "e": "x"}});
    assert!(
        structural
            .validate(&json!({"spec": {"s": "toolong", "e": "y"}}), Some(&old))
            .is_empty()
    );
    assert_eq!(structural.validate(&json!({"spec": {"s": "alsolong"}}), Some(&old)).len(), 1);
}

#[test]
fn prunes() {
    let structural = Structural::parse(&schema()).unwrap();
    let mut object = json!({
        "apiVersion": "g/v1", "kind": "Widget", "metadata": {"name": "a", "bogus": 1}, "alsogone": 1,
        "spec": {
            "gone": 1, "s": "abc", "keep": {"any": [1], "deep": {"a": "x", "gone": 2}},
            "emb": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "bogus": 1}, "spec": {"q": 1}},
        },
    });
    let pruned = structural.decode(&mut object).unwrap();
    assert_eq!(
        pruned,
        [
            "alsogone",
            "spec.gone",
            "spec.keep.deep.gone",
            "metadata.bogus",
            "spec.emb.metadata.bogus"
        ]
    );
    assert_eq!(
        object,
        json!({
            "apiVersion": "g/v1", "kind": "Widget", "metadata": {"name": "a"},
            "spec": {
                "s": "abc", "keep": {"any": [1], "deep": {"a": "x"}},
                "emb": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"q": 1}},
            },
        })
    );
}

#[test]
fn defaults_fill_what_is_absent() {
    let structural = Structural::parse(&schema()).unwrap();
    let mut object = json!({"spec": {"s": null, "nul": null}});
    structural.set_defaults(&mut object, false);
    assert_eq!(object, json!({"spec": {"nul": null, "d": {"n": 5}}}));
}

#[rstest]
#[case(json!({"properties": {"a": {"type": "string"}}}), ".type: Required value: must not be empty at the root")]
#[case(json!({"type": "object", "properties": {"spec": {"properties": {}}}}),
    ".properties[spec].type: Required value: must not be empty for specified object fields")]
#[case(json!({"type": "object", "properties": {"a": {"type": "array"}}}), ".properties[a].items: Required value: must be specified")]
#[case(json!({"type": "object", "properties": {"a": {"type": "string", "default": 5}}}),
    ".properties[a].default: Invalid value: \"integer\":  in body must be of type string: \"integer\"")]
#[case(json!({"type": "object", "properties": {"a": {"type": "string", "not": {"type": "string"}}}}),
    ".properties[a].not.type: Forbidden: must be empty to be structural")]
#[case(json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}),
    ".properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`")]
#[case(json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "bag"}}}),
    ".properties[a].x-kubernetes-list-type: Unsupported value: \"bag\": supported values: \"atomic\", \"set\", \"map\"")]
#[case(json!({"type": "object", "properties": {"a": {"type": "string", "x-kubernetes-validations": [{"rule": "self == 'x'"}]}}}), "")]
#[case(json!({"type": "object", "properties": {"a": {"type": "string", "x-kubernetes-validations": [{"rule": ""}]}}}),
    ".properties[a].x-kubernetes-validations[0].rule: Required value: rule is not specified")]
#[case(json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": true}}}), "")]
fn refuses_schemas(#[case] schema: Value, #[case] expected: &str) {
    let lines: Vec<String> = check(&schema, "").iter().map(|cause| cause.line()).collect();
    assert_eq!(lines.join("; "), expected);
}

#[test]
fn unknown_formats_are_told() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string", "format": "nosuch"}}});
    assert_eq!(warnings(&schema), ["unrecognized format \"nosuch\""]);
}
