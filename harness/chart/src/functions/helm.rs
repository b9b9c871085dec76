//! Functions that Helm adds to Sprig's.

use serde_json::Value as Json;

use super::{Args, Function, function};
use crate::LookupKey;
use crate::template::{Engine, Fault, FaultKind, Result, Value, from_json, from_numbers, to_yaml, to_yaml_pretty};

pub(super) const TABLE: &[Function] = &[
    function("include", 2, 2, |engine, a| {
        Ok(Value::str(engine.include(a.str(0)?, a.get(1)).map_err(inside)?))
    }),
    function("tpl", 2, 2, |engine, a| {
        Ok(Value::str(engine.run_text(a.str(0)?, a.get(1)).map_err(inside)?))
    }),
    function("toYaml", 1, 1, |_, a| Ok(Value::str(to_yaml(a.get(0)).unwrap_or_default()))),
    function("mustToYaml", 1, 1, |_, a| Ok(Value::str(to_yaml(a.get(0))?))),
    function("toYamlPretty", 1, 1, |_, a| {
        Ok(Value::str(to_yaml_pretty(a.get(0)).unwrap_or_default()))
    }),
    function("fromYaml", 1, 1, |_, a| {
        Ok(match crate::documents::value(a.str(0)?) {
            Ok(Json::Null) => Value::map::<&str>([]),
            Ok(json @ Json::Object(_)) => from_json(&json),
            Ok(json) => Value::map([("Error", Value::str(undecodable(&json, "map[string]interface {}")))]),
            Err(error) => Value::map([("Error", Value::str(error))]),
        })
    }),
    function("fromYamlArray", 1, 1, |_, a| {
        Ok(match crate::documents::value(a.str(0)?) {
            Ok(Json::Null) => Value::list(Vec::new()),
            Ok(json @ Json::Array(_)) => from_json(&json),
            Ok(json) => Value::list(vec![Value::str(undecodable(&json, "[]interface {}"))]),
            Err(error) => Value::list(vec![Value::str(error)]),
        })
    }),
    function("lookup", 4, 4, lookup),
];

/// Go's words for JSON of another kind than the type that is wanted.
pub(crate) fn unmarshal(json: &Json, wanted: &str) -> String {
    let kind = match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
}

fn undecodable(json: &Json, wanted: &str) -> String {
    format!("error unmarshaling JSON: while decoding JSON: {}", unmarshal(json, wanted))
}

/// A fault inside an included template keeps its place; this call adds one.
fn inside(mut fault: Fault) -> Fault {
    if fault.frames.is_empty() && fault.kind == FaultKind::Run {
        fault.message = format!("error calling include:\n{}", fault.message);
    }
    fault
}

fn lookup(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let key = LookupKey {
        api_version: a.str(0)?.to_owned(),
        kind: a.str(1)?.to_owned(),
        namespace: a.str(2)?.to_owned(),
        name: a.str(3)?.to_owned(),
    };
    if let Some(answer) = engine.lookups.answers.get(&key) {
        return Ok(from_numbers(answer));
    }
    if !engine.lookups.missing.contains(&key) {
        engine.lookups.missing.push(key);
    }
    Ok(Value::map::<&str>([]))
}
