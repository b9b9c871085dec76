//! Expressions of webhooks and policies: compiled when they are written.

use crate::admission::Names;
use crate::cel::Type;
use crate::status::Cause;
use crate::value::Value;

use super::names;
use super::rules::{Check, apply, faults, items, not_one_of, text};

/// Most conditions that a webhook or policy may have.
const CONDITIONS: usize = 64;
const REASONS: &[&str] = &["Forbidden", "Invalid", "RequestEntityTooLarge"];

/// Compiles an expression whose result must be of a type, by name.
fn compile(expression: &Value, names: &Names, results: &[&str], place: &str, causes: &mut Vec<Cause>) -> Type<'static> {
    let mut refuse = |why: &str| causes.push(Cause::invalid(place, expression, why));
    match names.compile(text(expression)) {
        Err(why) => refuse(&why),
        Ok((_, found)) => {
            let shown = found.to_string();
            match results {
                [] => {}
                [one] if shown != *one => refuse(&format!("must evaluate to {one} but got {shown}")),
                many if !many.contains(&shown.as_str()) => {
                    let many: Vec<&str> = many.iter().map(|one| if *one == "null" { "null_type" } else { one }).collect();
                    refuse(&format!("must evaluate to one of [{}] but got {shown}", many.join(" ")));
                }
                _ => {}
            }
            return found.detached();
        }
    }
    Type::Dyn
}

/// `matchConditions` of a webhook or policy.
pub(super) fn conditions(conditions: &Value, names: &Names, place: &str, causes: &mut Vec<Cause>) {
    let list = items(conditions);
    if list.len() > CONDITIONS {
        causes.push(Cause {
            reason: "FieldValueTooMany".into(),
            message: format!("Too many: {}: must have at most {CONDITIONS} items", list.len()),
            field: place.to_owned(),
        });
    }
    let mut seen: Vec<&str> = vec![];
    for (i, condition) in list.iter().enumerate() {
        let place = format!("{place}[{i}]");
        let expression = &condition["expression"];
        if text(expression).trim().is_empty() {
            causes.push(Cause::required(format!("{place}.expression"), ""));
        } else {
            compile(expression, names, &["bool"], &format!("{place}.expression"), causes);
        }
        let name = text(&condition["name"]);
        if name.is_empty() {
            causes.push(Cause::required(format!("{place}.name"), ""));
        } else {
            faults(&names::qualified_name(name), &format!("{place}.name"), &condition["name"], causes);
        }
        if !name.is_empty() && seen.contains(&name) {
            causes.push(Cause::duplicate(format!("{place}.name"), &name.into()));
        }
        seen.push(name);
    }
}

/// `variables` of a policy: gives the names that its other expressions may use.
fn variables(spec: &Value, causes: &mut Vec<Cause>) -> Names {
    let mut names = Names::of_policies(spec["paramKind"].is_object(), spec.get("mutations").is_some());
    for (i, variable) in items(&spec["variables"]).iter().enumerate() {
        let place = format!("spec.variables[{i}]");
        let (name, expression) = (text(&variable["name"]), &variable["expression"]);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.trim().is_empty() {
            causes.push(Cause::required(format!("{place}.name"), "name is not specified"));
        } else if !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) {
            let detail = "name is not a valid CEL identifier";
            causes.push(Cause::invalid(format!("{place}.name"), &variable["name"], detail));
        }
        if text(expression).trim().is_empty() {
            causes.push(Cause::required(format!("{place}.expression"), "expression is not specified"));
            continue;
        }
        let of = compile(expression, &names, &[], &format!("{place}.expression"), causes);
        names.add(name, &of);
    }
    names
}

/// The expressions of a ValidatingAdmissionPolicy.
pub(super) fn validating(policy: &Value, causes: &mut Vec<Cause>) {
    let spec = &policy["spec"];
    let names = variables(spec, causes);
    conditions(&spec["matchConditions"], &names, "spec.matchConditions", causes);
    for (i, validation) in items(&spec["validations"]).iter().enumerate() {
        check_validation(validation, &names, &format!("spec.validations[{i}]"), causes);
    }
    for (i, annotation) in items(&spec["auditAnnotations"]).iter().enumerate() {
        let place = format!("spec.auditAnnotations[{i}]");
        let key = format!("{}/{}", text(&policy["metadata"]["name"]), text(&annotation["key"]));
        faults(&names::qualified_name(&key), &format!("{place}.key"), &key.clone().into(), causes);
        let place = format!("{place}.valueExpression");
        if text(&annotation["valueExpression"]).trim().is_empty() {
            causes.push(Cause::required(place, "valueExpression is not specified"));
        } else {
            compile(&annotation["valueExpression"], &names, &["string", "null"], &place, causes);
        }
    }
}

fn check_validation(validation: &Value, names: &Names, place: &str, causes: &mut Vec<Cause>) {
    let at = |field: &str| format!("{place}.{field}");
    let expression = &validation["expression"];
    if text(expression).trim().is_empty() {
        causes.push(Cause::required(at("expression"), "expression is not specified"));
    } else {
        compile(expression, names, &["bool"], &at("expression"), causes);
    }
    let message = &validation["messageExpression"];
    if !text(message).is_empty() && text(message).trim().is_empty() {
        let detail = "must be non-empty if specified";
        causes.push(Cause::invalid(at("messageExpression"), message, detail));
    } else if !text(message).is_empty() {
        compile(message, names, &["string"], &at("messageExpression"), causes);
    }
    let message = &validation["message"];
    if !text(message).is_empty() && text(message).trim().is_empty() {
        let detail = "message must be non-empty if specified";
        causes.push(Cause::invalid(at("message"), message, detail));
    } else if text(message).trim().contains('\n') {
        let detail = "message must not contain line breaks";
        causes.push(Cause::invalid(at("message"), message, detail));
    }
    apply(&[("reason", Check::OneOf(REASONS))], validation, place, causes);
}

/// The expressions of a MutatingAdmissionPolicy.
pub(super) fn mutating(policy: &Value, causes: &mut Vec<Cause>) {
    let spec = &policy["spec"];
    let names = variables(spec, causes);
    conditions(&spec["matchConditions"], &names, "spec.matchConditions", causes);
    for (i, mutation) in items(&spec["mutations"]).iter().enumerate() {
        let place = format!("spec.mutations[{i}]");
        let (part, result) = match text(&mutation["patchType"]) {
            "ApplyConfiguration" => ("applyConfiguration", "Object"),
            "JSONPatch" => ("jsonPatch", "list(JSONPatch)"),
            "" => {
                causes.push(Cause::required(format!("{place}.patchType"), ""));
                continue;
            }
            other => {
                let kinds = &["ApplyConfiguration", "JSONPatch"];
                causes.push(not_one_of(&format!("{place}.patchType"), &other.into(), kinds));
                continue;
            }
        };
        let expression = &mutation[part]["expression"];
        if text(expression).trim().is_empty() {
            causes.push(Cause::required(format!("{place}.{part}.expression"), "expression is not specified"));
        } else {
            compile(expression, &names, &[result], &format!("{place}.{part}.expression"), causes);
        }
    }
}
