//! Texts that several kinds share.

use crate::controllers::fields::Fields;
use crate::selector::LabelSelector;
use crate::value::{Map, Value};

/// What stands where nothing is.
pub(super) const NONE: &str = "<none>";
pub(super) const UNSET: &str = "<unset>";

/// The text, or what stands in its place.
pub(super) fn or<'a>(text: &'a str, empty: &'a str) -> &'a str {
    if text.is_empty() { empty } else { text }
}

/// `a=1,b=2`; `<none>` without labels.
pub(super) fn labels(labels: Option<&Map>) -> String {
    let pair = |(key, value): (&crate::value::Text, &Value)| format!("{key}={}", value.as_str().unwrap_or_default());
    let pairs: Vec<String> = labels.into_iter().flatten().map(pair).collect();
    or(&pairs.join(","), NONE).to_owned()
}

/// A label selector as `kubectl get -l` takes it; `<none>` for one that selects everything or is not there.
pub(super) fn selector(selector: &Value) -> String {
    or(&LabelSelector::of_object(selector).to_text(), NONE).to_owned()
}

/// One field of all containers of a pod template: `a,b`.
pub(super) fn containers(spec: &Value, field: &str) -> String {
    let texts: Vec<&str> = spec
        .list_at("/containers")
        .iter()
        .map(|container| container[field].as_str().unwrap_or_default())
        .collect();
    texts.join(",")
}

/// The first three, and how many more there are.
pub(super) fn first_three(texts: &[String], more: &str) -> String {
    let shown = texts.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    match texts.len().saturating_sub(3) {
        0 => shown,
        rest => format!("{shown} + {rest} more{more}"),
    }
}

/// Strings of a list, joined.
pub(super) fn joined(list: &[Value], with: &str) -> String {
    list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(with)
}

/// A value that is a string or a number, as text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    }
}
