//! Field rules as data: a path with wildcards, and what must hold there.

use crate::value::Value;

use super::{formats, names, selectors};
use crate::schema::quantity::Quantity;
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
    /// As [`Check::OneOf`], where the empty text is not the same as none (in Go, a pointer).
    OneOfIfSet(&'static [&'static str]),
    /// A number not below zero.
    NotNegative,
    /// A number between these, inclusive.
    Between(i64, i64),
    /// A number above this.
    Above(i64),
    /// An RFC 1123 label.
    Label,
    /// An RFC 1123 subdomain.
    Subdomain,
    /// A text of a form, if there is one.
    Text(Form),
    /// A text of a form, where the empty text is not the same as none.
    TextIfSet(Form),
    /// A text that must be there, of a form.
    RequiredText(Form),
    /// A list of texts that all have a form.
    Texts(Form),
    /// A port by number or name.
    Port,
    /// Labels: their keys and values.
    Labels,
    /// A `metav1.LabelSelector`.
    Selector,
    /// A count, or a percentage of one.
    CountOrPercent,
    /// The keys of a ConfigMap or Secret.
    ConfigKeys,
    /// Further rules below this path, so that what is wrong with one item stays together.
    All(&'static [Rule]),
    /// What no other check says.
    With(fn(&Value, &str, &mut Vec<Cause>)),
}

/// What is wrong with a text, if anything.
pub(super) type Form = fn(&str) -> Vec<String>;

/// A rule: path below a base, and check.
pub(super) type Rule = (&'static str, Check);

/// Applies rules to `value`, which stands at `base`.
pub(super) fn apply(rules: &[Rule], value: &Value, base: &str, causes: &mut Vec<Cause>) {
    for (path, check) in rules {
        if path.is_empty() {
            run(*check, value, base, causes);
            continue;
        }
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
        Check::OneOfIfSet(allowed) if value.is_string() && !allowed.contains(&text) => causes.push(not_one_of(place, value, allowed)),
        Check::NotNegative if number.is_some_and(|n| n < 0) => {
            invalid(vec!["must be greater than or equal to 0".into()]);
        }
        Check::Between(low, high) if number.is_some_and(|n| n < low || n > high) => {
            invalid(vec![format!("must be between {low} and {high}, inclusive")]);
        }
        Check::Above(low) if number.is_some_and(|n| n <= low) => invalid(vec![format!("must be greater than {low}")]),
        Check::Text(form) if !text.is_empty() => invalid(form(text)),
        Check::TextIfSet(form) if value.is_string() => invalid(form(text)),
        Check::RequiredText(_) if text.is_empty() => causes.push(Cause::required(place, "")),
        Check::RequiredText(form) => invalid(form(text)),
        Check::Texts(form) => {
            for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                faults(&form(item.as_str().unwrap_or_default()), &format!("{place}[{i}]"), item, causes);
            }
        }
        Check::Port => match number {
            Some(_) => run(Check::Between(1, 65535), value, place, causes),
            None => invalid(formats::port_name(text)),
        },
        Check::Labels => super::metadata::labels(value, place, causes),
        Check::Selector => selectors::check(value, place, causes),
        Check::CountOrPercent => count_or_percent(value, place, causes),
        Check::All(rules) => apply(rules, value, place, causes),
        Check::With(check) => check(value, place, causes),
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
        _ => {}
    }
}

/// Adds every fault of a value.
pub(super) fn faults(faults: &[String], place: &str, value: &Value, causes: &mut Vec<Cause>) {
    causes.extend(faults.iter().map(|fault| Cause::invalid(place, value, fault)));
}

fn count_or_percent(value: &Value, place: &str, causes: &mut Vec<Cause>) {
    match value {
        Value::String(text) => faults(&formats::percent(text), place, value, causes),
        value => run(Check::NotNegative, value, place, causes),
    }
}

/// The quantity that a value is.
pub(super) fn quantity(value: &Value) -> Option<Quantity> {
    match value.as_str() {
        Some(text) => Quantity::parse(text).ok(),
        None => value.as_i64().and_then(|n| Quantity::parse(&n.to_string()).ok()),
    }
}

/// The items of a list, none if there is no list.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text, empty if there is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Something that is named and does not exist.
pub(super) fn not_found(place: impl Into<String>, value: &Value, detail: &str) -> Cause {
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    Cause {
        reason: "FieldValueNotFound".into(),
        message: format!("Not found: {value}{detail}"),
        field: place.into(),
    }
}

/// At most one of these fields is set, in this order of precedence; whether one is.
pub(super) fn at_most_one(value: &Value, fields: &[&str], place: &str, detail: &str, causes: &mut Vec<Cause>) -> bool {
    let mut set = fields.iter().filter(|field| value.get(**field).is_some_and(|v| !v.is_null()));
    let first = set.next();
    causes.extend(set.map(|field| Cause::forbidden(format!("{place}.{field}"), detail)));
    first.is_some()
}

/// A struct that Kubernetes prints field by field in its internal form: Go name, and what is printed when absent.
pub(super) fn as_struct(value: &Value, fields: &[(&str, &str)]) -> String {
    let shown = fields.iter().map(|(name, absent)| {
        let key = lower_first(name);
        match value.get(key.as_str()).filter(|v| !v.is_null()) {
            Some(field) => format!("{name:?}:{field}"),
            None => format!("{name:?}:{absent}"),
        }
    });
    format!("{{{}}}", shown.collect::<Vec<_>>().join(","))
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// An invalid value that is printed as it is given.
pub(super) fn invalid_shown(place: &str, shown: &str, detail: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid".into(),
        message: format!("Invalid value: {shown}: {detail}"),
        field: place.into(),
    }
}

/// A value that is none of the known ones, which are listed as they come.
pub(super) fn not_one_of(place: &str, value: &Value, allowed: &[&str]) -> Cause {
    let allowed: Vec<String> = allowed.iter().map(|a| format!("{a:?}")).collect();
    let message = format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
    Cause {
        reason: "FieldValueNotSupported".into(),
        message,
        field: place.into(),
    }
}

pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
