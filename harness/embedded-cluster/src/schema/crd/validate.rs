//! Objects against their schema, with the messages Kubernetes gives.

use crate::value::{Number, Value};
use regex::Regex;

use super::props::Props;
use super::{combine, format, item_key};
use crate::status::Cause;

pub(super) fn validate(root: &Props, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    value(root, "", object, old, &mut causes);
    causes
}

/// Checks one value at `path`.
pub(super) fn value(props: &Props, path: &str, value: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if old == Some(value) || (value.is_null() && props.nullable) {
        return;
    }
    check_type(props, path, value, causes);
    combine::check(props, path, value, causes);
    match value {
        Value::String(text) => check_text(props, path, text, causes),
        Value::Number(number) => check_number(props, path, number, causes),
        Value::Array(items) => check_list(props, path, items, old, causes),
        _ => {}
    }
    if let Some(values) = &props.values
        && !values.contains(value)
    {
        let supported: Vec<String> = values.iter().map(Value::to_string).collect();
        causes.push(Cause {
            reason: "FieldValueNotSupported".into(),
            message: format!("Unsupported value: {value}: supported values: {}", supported.join(", ")),
            field: field(path),
        });
    }
    if let Value::Object(object) = value {
        check_object(props, path, object, old, causes);
    }
}

fn check_type(props: &Props, path: &str, value: &Value, causes: &mut Vec<Cause>) {
    let found = type_of(value);
    let wanted = match (props.int_or_string, props.kind.as_str()) {
        (true, _) => "integer,string",
        (false, kind) => kind,
    };
    let fits = wanted.is_empty() || wanted.split(',').any(|wanted| wanted == found) || (wanted == "number" && found == "integer");
    if !fits {
        causes.push(wrong_type(path, &found.into(), wanted));
    }
}

fn wrong_type(path: &str, found: &Value, wanted: &str) -> Cause {
    Cause {
        reason: "FieldValueTypeInvalid".into(),
        ..Cause::invalid(field(path), found, &format!("{path} in body must be of type {wanted}: {found}"))
    }
}

/// JSON types as the messages name them.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_text(props: &Props, path: &str, text: &str, causes: &mut Vec<Cause>) {
    let shown = Value::from(text);
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if let Some(max) = props.max_length.filter(|max| length > *max) {
        causes.push(Cause::too_long(field(path), usize::try_from(max).unwrap_or(usize::MAX)));
    }
    if let Some(min) = props.min_length.filter(|min| length < *min) {
        causes.push(Cause::invalid(
            field(path),
            &shown,
            &format!("{path} in body should be at least {min} chars long"),
        ));
    }
    if let Some(pattern) = &props.pattern {
        // A pattern that does not compile was refused with its definition.
        if Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text)) {
            causes.push(Cause::invalid(
                field(path),
                &shown,
                &format!("{path} in body should match '{pattern}'"),
            ));
        }
    }
    if format::matches(&props.format, text) == Some(false) {
        causes.push(wrong_type(path, &shown, &props.format));
    }
}

fn check_number(props: &Props, path: &str, number: &Number, causes: &mut Vec<Cause>) {
    let shown = Value::Number(number.clone());
    let value = number.as_f64().unwrap_or_default();
    if props.kind == "integer" {
        let wanted = match props.format.as_str() {
            _ if value.fract() != 0.0 => Some("(default format)"),
            "int32" if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value) => Some("with format int32"),
            _ => None,
        };
        if let Some(wanted) = wanted {
            let message = format!("Checked value must be of type integer {wanted} in {path}");
            causes.push(Cause::invalid("<nil>", &"".into(), &message));
        }
    }
    let mut refuse = |detail: String| causes.push(Cause::invalid(field(path), &shown, &format!("{path} in body {detail}")));
    if let Some((step, size)) = props.multiple_of.as_ref().and_then(|step| Some((step, step.as_f64()?))) {
        let ratio = value / size;
        if (ratio - ratio.round()).abs() > 1e-9 {
            refuse(format!("should be a multiple of {step}"));
        }
    }
    if let Some((bound, max)) = props.maximum.as_ref().and_then(|bound| Some((bound, bound.as_f64()?))) {
        if props.exclusive_maximum && value >= max {
            refuse(format!("should be less than {bound}"));
        } else if value > max {
            refuse(format!("should be less than or equal to {bound}"));
        }
    }
    if let Some((bound, min)) = props.minimum.as_ref().and_then(|bound| Some((bound, bound.as_f64()?))) {
        if props.exclusive_minimum && value <= min {
            refuse(format!("should be greater than {bound}"));
        } else if value < min {
            refuse(format!("should be greater than or equal to {bound}"));
        }
    }
}

fn check_list(props: &Props, path: &str, items: &[Value], old: Option<&Value>, causes: &mut Vec<Cause>) {
    let old = old.and_then(Value::as_array);
    if let Some(schema) = &props.items {
        for (index, item) in items.iter().enumerate() {
            let same = || {
                let key = item_key(props, item)?;
                old?.iter().find(|old| item_key(props, old).as_ref() == Some(&key))
            };
            let old = if matches!(props.list_type.as_deref(), Some("map")) {
                same()
            } else {
                None
            };
            value(schema, &format!("{path}[{index}]"), item, old, causes);
        }
    }
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if let Some(min) = props.min_items.filter(|min| count < *min) {
        causes.push(Cause::invalid(
            field(path),
            &count.into(),
            &format!("{path} in body should have at least {min} items"),
        ));
    }
    if let Some(max) = props.max_items.filter(|max| count > *max) {
        causes.push(too_many(path, count, max));
    }
    check_unique(props, path, items, causes);
}

/// Items of sets and maps occur once.
fn check_unique(props: &Props, path: &str, items: &[Value], causes: &mut Vec<Cause>) {
    if !matches!(props.list_type.as_deref(), Some("set" | "map")) {
        return;
    }
    let mut seen = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let key = match props.list_type.as_deref() {
            Some("set") => item.clone(),
            _ => props
                .list_map_keys
                .iter()
                .filter_map(|key| Some((key.clone(), item.get(key)?.clone())))
                .collect::<crate::value::Map>()
                .into(),
        };
        if seen.contains(&key) {
            causes.push(Cause::duplicate(format!("{path}[{index}]"), &key));
        } else {
            seen.push(key);
        }
    }
}

fn check_object(props: &Props, path: &str, object: &crate::value::Map, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let count = i64::try_from(object.len()).unwrap_or(i64::MAX);
    if let Some(min) = props.min_properties.filter(|min| count < *min) {
        let message = format!("{path} in body should have at least {min} properties");
        causes.push(Cause::invalid(field(path), &count.into(), &message));
    }
    if let Some(max) = props.max_properties.filter(|max| count > *max) {
        causes.push(too_many(path, count, max));
    }
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for name in &props.required {
        if !object.contains_key(name) {
            causes.push(Cause::required(below(name), ""));
        }
    }
    if props.embedded {
        for name in ["apiVersion", "kind"] {
            if object.get(name).and_then(Value::as_str).unwrap_or_default().is_empty()
                && !props.required.iter().any(|required| required == name)
            {
                causes.push(Cause::required(below(name), ""));
            }
        }
    }
    for (name, child) in object {
        if let Some(props) = props.properties.get(name.as_str()).or(props.map_values()) {
            value(props, &below(name), child, old.and_then(|old| old.get(name)), causes);
        }
    }
}

fn too_many(path: &str, count: i64, max: i64) -> Cause {
    let plural = if max == 1 { "" } else { "s" };
    Cause {
        reason: "FieldValueTooMany".into(),
        message: format!("Too many: {count}: must have at most {max} item{plural}"),
        field: field(path),
    }
}

/// The root has no path.
pub(super) fn field(path: &str) -> String {
    if path.is_empty() { "<nil>".to_owned() } else { path.to_owned() }
}
