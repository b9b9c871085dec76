//! JSON, base64 and base32. YAML is with Helm's own functions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde_json::Value as Json;

use super::{Args, Function, base_n, function};
use crate::template::{Engine, Fault, Result, Value, from_json, to_json_pretty, to_json_text};

pub(super) const TABLE: &[Function] = &[
    function("b64enc", 1, 1, |_, a| Ok(Value::str(STANDARD.encode(a.str(0)?)))),
    function("b64dec", 1, 1, |_, a| decoded(base_n::base64(a.str(0)?), a)),
    function("b32enc", 1, 1, |_, a| Ok(Value::str(base_n::base32_text(a.str(0)?.as_bytes())))),
    function("b32dec", 1, 1, |_, a| decoded(base_n::base32(a.str(0)?), a)),
    function("toJson", 1, 1, |_, a| {
        Ok(Value::str(to_json_text(a.get(0), true).unwrap_or_default()))
    }),
    function("mustToJson", 1, 1, |_, a| Ok(Value::str(to_json_text(a.get(0), true)?))),
    function("toRawJson", 1, 1, |_, a| Ok(Value::str(to_json_text(a.get(0), false)?))),
    function("mustToRawJson", 1, 1, |_, a| Ok(Value::str(to_json_text(a.get(0), false)?))),
    function("toPrettyJson", 1, 1, pretty),
    function("mustToPrettyJson", 1, 1, pretty),
    function("fromJson", 1, 1, |_, a| {
        // Helm's own variant: an error becomes a dict with the key Error.
        Ok(match document(a.str(0)?, "map[string]interface {}", Json::is_object) {
            Ok(Some(json)) => from_json(&json),
            Ok(None) => Value::map::<&str>([]),
            Err(error) => Value::map([("Error", Value::str(error))]),
        })
    }),
    function("mustFromJson", 1, 1, |_, a| {
        let text = a.str(0)?;
        let json = serde_json::from_str(text).map_err(|error| Fault::call(go_error(text, &error)))?;
        Ok(from_json(&json))
    }),
    function("fromJsonArray", 1, 1, |_, a| {
        Ok(match document(a.str(0)?, "[]interface {}", Json::is_array) {
            Ok(Some(json)) => from_json(&json),
            Ok(None) => Value::list(Vec::new()),
            Err(error) => Value::list(vec![Value::str(error)]),
        })
    }),
];

/// Sprig returns an error's text as the value.
fn decoded(bytes: std::result::Result<Vec<u8>, String>, a: &Args<'_>) -> Result<Value> {
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Value::str(error)),
    };
    let text = String::from_utf8(bytes);
    text.map(Value::str)
        .map_err(|_| Fault::unsupported(format!("{} of data that is not UTF-8 is not supported", a.name())))
}

/// A JSON document of the kind that is wanted; nothing for null.
fn document(text: &str, wanted: &str, is: fn(&Json) -> bool) -> std::result::Result<Option<Json>, String> {
    match serde_json::from_str::<Json>(text) {
        Ok(Json::Null) => Ok(None),
        Ok(json) if is(&json) => Ok(Some(json)),
        Ok(json) => Err(super::helm::unmarshal(&json, wanted)),
        Err(error) => Err(go_error(text, &error)),
    }
}

/// Go's words for text that is no JSON, as far as the reader here tells enough.
fn go_error(text: &str, error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".into();
    }
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let found = line.get(error.column().saturating_sub(1)..).and_then(|rest| rest.chars().next());
    let place = match error.to_string().split(" at line").next() {
        Some("trailing characters") => "after top-level value",
        Some("expected `,` or `}`") => "after object key:value pair",
        Some("expected `,` or `]`") => "after array element",
        Some("expected `:`") => "after object key",
        Some("key must be a string") => "looking for beginning of object key string",
        Some("expected value" | "trailing comma") => "looking for beginning of value",
        _ => return error.to_string(),
    };
    found.map_or_else(|| error.to_string(), |c| format!("invalid character '{c}' {place}"))
}

fn pretty(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    Ok(Value::str(to_json_pretty(a.get(0))?))
}
