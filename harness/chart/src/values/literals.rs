//! The types that `--set` guesses.

use serde_json::Value as Json;

/// `null`, booleans in any case, and integers that do not begin with a zero; anything else is text.
pub(super) fn typed(text: String) -> Json {
    match text.to_ascii_lowercase().as_str() {
        "true" => return Json::Bool(true),
        "false" => return Json::Bool(false),
        "null" => return Json::Null,
        "0" => return Json::from(0),
        _ => {}
    }
    match text.parse::<i64>() {
        Ok(n) if !text.starts_with('0') => Json::from(n),
        _ => Json::String(text),
    }
}
