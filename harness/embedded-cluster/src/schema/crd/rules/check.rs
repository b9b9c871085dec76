//! Whether the rules of a definition are acceptable.

use super::super::props::Props;
use super::{environment, shape};
use crate::cel::{self, Type};
use crate::status::Cause;
use crate::value::Value;

const REASONS: &[&str] = &[
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];

/// What is wrong with the rules of one schema. `uncorrelated`: place of the list whose items have no counterpart before.
pub(in super::super) fn check(props: &Props, path: &str, root: bool, uncorrelated: Option<&str>, causes: &mut Vec<Cause>) {
    if props.rules.is_empty() {
        return;
    }
    shape::with(props, root, |of| {
        for (index, rule) in props.rules.iter().enumerate() {
            let place = format!("{path}.x-kubernetes-validations[{index}]");
            check_rule(rule, of, &place, uncorrelated, causes);
            check_field_path(props, rule, &format!("{place}.fieldPath"), causes);
        }
    });
}

fn check_rule(rule: &Value, of: &Type<'_>, place: &str, uncorrelated: Option<&str>, causes: &mut Vec<Cause>) {
    let text = |field: &str| rule[field].as_str().unwrap_or_default();
    let (expression, message, message_expression) = (text("rule").trim(), text("message"), text("messageExpression"));
    let at = |field: &str| format!("{place}.{field}");
    if expression.is_empty() {
        causes.push(Cause::required(at("rule"), "rule is not specified"));
    }
    if !message.is_empty() && message.trim().is_empty() {
        let detail = "message must be non-empty if specified";
        causes.push(Cause::invalid(at("message"), &message.into(), detail));
    } else if message.trim().contains('\n') {
        let detail = "message must not contain line breaks";
        causes.push(Cause::invalid(at("message"), &message.trim().into(), detail));
    } else if expression.contains('\n') && message.is_empty() {
        let detail = "message must be specified if rule contains line breaks";
        causes.push(Cause::required(at("message"), detail));
    }
    if !message_expression.is_empty() && message_expression.trim().is_empty() {
        let detail = "messageExpression must be non-empty if specified";
        causes.push(Cause::required(at("messageExpression"), detail));
    }
    if !matches!(rule["reason"].as_str(), None | Some("")) && !REASONS.contains(&text("reason")) {
        causes.push(Cause::not_supported(at("reason"), &rule["reason"], REASONS));
    }
    if expression.is_empty() {
        return;
    }
    let optional_old = rule["optionalOldSelf"] == true;
    match cel::compile(expression, environment(of, optional_old)) {
        Err(why) => causes.push(refused(at("rule"), rule, &why)),
        Ok((_, found)) if !found.is_bool() => causes.push(refused(at("rule"), rule, "cel expression must evaluate to a bool")),
        Ok((compiled, _)) => {
            let transition = compiled.uses("oldSelf");
            if let Some(list) = uncorrelated.filter(|_| transition) {
                let detail = format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {list}");
                causes.push(Cause::invalid(at("rule"), &rule["rule"], &detail));
            }
            if optional_old && !transition {
                let detail = "option optionalOldSelf is set but the rule does not use oldSelf";
                causes.push(Cause::invalid(at("optionalOldSelf"), &true.into(), detail));
            }
        }
    }
    if message_expression.trim().is_empty() {
        return;
    }
    match cel::compile(message_expression.trim(), environment(of, optional_old)) {
        Err(why) => {
            let why = why.replacen("compilation failed", "messageExpression compilation failed", 1);
            causes.push(refused(at("messageExpression"), rule, &why));
        }
        Ok((_, Type::String)) => {}
        Ok(_) => {
            let detail = "messageExpression must evaluate to a string";
            causes.push(refused(at("messageExpression"), rule, detail));
        }
    }
}

/// A refusal that shows the whole rule, as Go writes it.
fn refused(field: String, rule: &Value, why: &str) -> Cause {
    let shown = |name: &str, absent: &str| match &rule[name] {
        Value::Null => absent.to_owned(),
        value => value
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"),
    };
    let rule = format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        shown("rule", "\"\""),
        shown("message", "\"\""),
        shown("messageExpression", "\"\""),
        shown("reason", "null"),
        shown("fieldPath", "\"\""),
        shown("optionalOldSelf", "null"),
    );
    Cause {
        reason: "FieldValueInvalid".into(),
        message: format!("Invalid value: {rule}: {why}"),
        field,
    }
}

/// A field path leads to a field of the schema: `.a.b`, `['c']`.
fn check_field_path(props: &Props, rule: &Value, place: &str, causes: &mut Vec<Cause>) {
    let Some(path) = rule["fieldPath"].as_str().filter(|path| !path.is_empty()) else {
        return;
    };
    if !leads(props, path) {
        causes.push(Cause::invalid(place, &path.into(), "must be a valid path"));
    }
}

fn leads(props: &Props, path: &str) -> bool {
    if path.is_empty() {
        return true;
    }
    let (name, rest) = if let Some(quoted) = path.strip_prefix("['") {
        let Some((name, rest)) = quoted.split_once("']") else {
            return false;
        };
        (name, rest)
    } else if let Some(plain) = path.strip_prefix('.') {
        let end = plain.find(['.', '[']).unwrap_or(plain.len());
        plain.split_at(end)
    } else {
        return false;
    };
    let below = props.properties.get(name).or(props.map_values());
    !name.is_empty() && below.is_some_and(|below| leads(below, rest))
}
