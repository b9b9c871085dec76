//! Expressions, with what is said about those that are not right.

use super::*;
use crate::value::json;

fn environment() -> Environment<'static> {
    Environment::default()
        .with("object", Type::Dyn)
        .with("oldObject", Type::Dyn)
        .with("name", Type::String)
        .with("numbers", Type::list(Type::Int))
        .with("labels", Type::map(Type::String, Type::String))
}

fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.set(
        "object",
        to_cel(&json!({"metadata": {"name": "a", "namespace": "n"}, "spec": {"replicas": 3}})),
    );
    scope.set("oldObject", Value::Null);
    scope.set("name", to_cel(&"web".into()));
    scope.set("numbers", to_cel(&json!([1, 2, 3])));
    scope.set("labels", to_cel(&json!({"app": "web"})));
    scope
}

#[rstest::rstest]
#[case("object.spec.replicas > 2", "bool", "true")]
#[case("object.metadata.namespace", "dyn", "\"n\"")]
#[case("oldObject == null || oldObject.spec == object.spec", "bool", "true")]
#[case("'got ' + string(numbers[1])", "string", "\"got 2\"")]
#[case("numbers.map(n, n * 2)", "list(int)", "[2,4,6]")]
#[case("numbers.filter(n, n > 1).map(n, string(n))", "list(string)", "[\"2\",\"3\"]")]
#[case("numbers.exists(n, n == 2) && !numbers.all(n, n == 2)", "bool", "true")]
#[case("has(object.spec.paused) ? object.spec.paused : 'no'", "dyn", "\"no\"")]
#[case("labels.?tier.orValue('none')", "string", "\"none\"")]
#[case("'app' in labels && labels['app'].startsWith('w')", "bool", "true")]
#[case("isQuantity('1Gi') && quantity('1Gi').isGreaterThan(quantity('1Mi'))", "bool", "true")]
#[case("'%s-%d'.format([name, 3])", "string", "\"web-3\"")]
#[case("math.greatest(1, 2)", "int", "2")]
fn are_evaluated(#[case] text: &str, #[case] of: &str, #[case] expected: &str) {
    let (expression, found) = compile(text, environment()).unwrap();
    assert_eq!(found.to_string(), of);
    let value = from_cel(&expression.evaluate(&scope()).unwrap()).unwrap();
    assert_eq!(value.to_string(), expected);
}

#[rstest::rstest]
#[case("object.nosuch > 1", "no such key: nosuch")]
#[case("oldObject.spec == 1", "no such key: spec")]
#[case("10 / (numbers[0] - 1) > 0", "division by zero")]
#[case("labels['x'] == 'y'", "no such key: x")]
#[case("numbers[7] == 1", "index out of bounds: 7")]
#[case("object.metadata.name > 1", "no such overload")]
fn fail_when_evaluated(#[case] text: &str, #[case] why: &str) {
    let (expression, _) = compile(text, environment()).unwrap();
    assert_eq!(expression.evaluate(&scope()).unwrap_err(), why);
}

#[rstest::rstest]
#[case("nosuch.x", "1:1: undeclared reference to 'nosuch' (in container '')\n | nosuch.x\n | ^")]
#[case("name.foo", "1:5: type 'string' does not support field selection\n | name.foo\n | ....^")]
#[case(
    "name + 1 == name",
    "1:6: found no matching overload for '_+_' applied to '(string, int)'\n | name + 1 == name\n | .....^"
)]
#[case(
    "name.nope(1)",
    "1:10: undeclared reference to 'nope' (in container '')\n | name.nope(1)\n | .........^"
)]
#[case(
    "name.startsWith(1)",
    "1:16: found no matching overload for 'startsWith' applied to 'string.(int)'\n | name.startsWith(1)\n | ...............^"
)]
#[case(
    "cel.bind(a, 1, a)",
    "1:1: undeclared reference to 'cel' (in container '')\n | cel.bind(a, 1, a)\n | ^"
)]
#[case("Thing{a: 1}", "1:1: undeclared reference to 'Thing' (in container '')\n | Thing{a: 1}\n | ^")]
fn are_refused(#[case] text: &str, #[case] expected: &str) {
    let refusal = compile(text, environment()).unwrap_err();
    let first = format!("compilation failed: ERROR: <input>:{expected}");
    assert!(refusal.starts_with(&first), "{refusal}");
}

#[rstest::rstest]
#[case("a", "a")]
#[case("a_b", "a_b")]
#[case("namespace", "__namespace__")]
#[case("a-b.c/d", "a__dash__b__dot__c__slash__d")]
#[case("a__b", "a__underscores__b")]
fn names_are_escaped(#[case] name: &str, #[case] expected: &str) {
    assert_eq!(escaped(name), expected);
}
