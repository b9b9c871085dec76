//! Field rules as data: a path with wildcards, and what must hold there.

use crate::value::Value;

use super::names;
use crate::status::Cause;

/// What must hold for the value at a path.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// It is there and not empty.
    Required,
    /// It is there and not empty, or else this is said.
    RequiredSaying(&'static str),
    /// A text that is one of these, which messages list in this order.
    OneOf(&'static [&'static str]),
    /// A number not below zero.
    NotNegative,
    /// A number between these, inclusive.
    Between(i64, i64),
    /// An RFC 1123 label.
    Label,
    /// An RFC 1123 subdomain.
    Subdomain,
    /// The key of a ConfigMap or Secret.
    ConfigKeys,
    /// No two items have the same value of this field.
    Unique(&'static str),
}

/// A rule: path below a base, and check.
pub(super) type Rule = (&'static str, Check);

/// Applies rules to `value`, which stands at `base`.
pub(super) fn apply(rules: &[Rule], value: &Value, base: &str, causes: &mut Vec<Cause>) {
    for (path, check) in rules {
        let steps: Vec<&str> = path.split('.').collect();
        walk(&steps, *check, Some(value), base.to_owned(), causes);
    }
}

fn walk(steps: &[&str], check: Check, value: Option<&Value>, place: String, causes: &mut Vec<Cause>) {
    let Some((step, rest)) = steps.split_first() else {
        return run(check, value.unwrap_or(&Value::Null), &place, causes);
    };
    // What is not there has no fields that could be wrong.
    let Some(value) = value.filter(|v| v.is_object()) else { return };
    let join = |name: &str| {
        if place.is_empty() {
            name.to_owned()
        } else {
            format!("{place}.{name}")
        }
    };
    match step.strip_suffix("[*]") {
        Some(name) => {
            for (i, item) in value[name].as_array().into_iter().flatten().enumerate() {
                walk(rest, check, Some(item), format!("{}[{i}]", join(name)), causes);
            }
        }
        None => walk(rest, check, value.get(*step), join(step), causes),
    }
}

fn run(check: Check, value: &Value, place: &str, causes: &mut Vec<Cause>) {
    let text = value.as_str().unwrap_or_default();
    let number = value.as_i64();
    let mut invalid = |faults: Vec<String>| causes.extend(faults.iter().map(|fault| Cause::invalid(place, value, fault)));
    match check {
        Check::Required if is_empty(value) => causes.push(Cause::required(place, "")),
        Check::RequiredSaying(detail) if is_empty(value) => causes.push(Cause::required(place, detail)),
        Check::OneOf(allowed) if !text.is_empty() && !allowed.contains(&text) => causes.push(not_one_of(place, value, allowed)),
        Check::NotNegative if number.is_some_and(|n| n < 0) => {
            invalid(vec!["must be greater than or equal to 0".into()]);
        }
        Check::Between(low, high) if number.is_some_and(|n| n < low || n > high) => {
            invalid(vec![format!("must be between {low} and {high}, inclusive")]);
        }
        Check::Label if !text.is_empty() => invalid(names::label(text)),
        Check::Subdomain if !text.is_empty() => invalid(names::subdomain(text)),
        Check::ConfigKeys => {
            for key in value.as_object().into_iter().flatten().map(|(key, _)| key) {
                let faults = names::config_key(key);
                causes.extend(
                    faults
                        .iter()
                        .map(|f| Cause::invalid(format!("{place}[{key}]"), &key.as_str().into(), f)),
                );
            }
        }
        Check::Unique(field) => {
            let mut seen: Vec<&Value> = vec![];
            for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                let name = &item[field];
                if seen.contains(&name) && !is_empty(name) {
                    causes.push(Cause::duplicate(format!("{place}[{i}].{field}"), name));
                }
                seen.push(name);
            }
        }
        _ => {}
    }
}

/// A value that is none of the known ones, which are listed as they come.
pub(super) fn not_one_of(place: &str, value: &Value, allowed: &[&str]) -> Cause {
    let allowed: Vec<String> = allowed.iter().map(|a| format!("{a:?}")).collect();
    let message = format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
    Cause {
        reason: "FieldValueNotSupported",
        message,
        field: place.into(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
