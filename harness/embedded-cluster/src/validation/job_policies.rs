//! Policies of jobs: what failed pods and succeeded indexes mean for them, and when pods are replaced.

use super::rules::{Check, Rule, apply, items, text};
use crate::status::Cause;
use crate::value::{Value, json};

const MOST_RULES: usize = 20;
const MOST_CODES: usize = 255;

const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];

const CONDITION: &[Rule] = &[("status", Check::OneOf(&["False", "True", "Unknown"]))];

/// The policies of a job's specification.
pub(super) fn check(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    failures(spec, &format!("{base}.podFailurePolicy"), causes);
    let successes = &spec["successPolicy"];
    let place = format!("{base}.successPolicy");
    match (successes.is_object(), spec["completionMode"] == "Indexed") {
        (true, true) => success_rules(&successes["rules"], spec, &format!("{place}.rules"), causes),
        (true, false) => causes.push(Cause::invalid(place, successes, "requires indexed completion mode")),
        (false, _) => {}
    }
    let allowed: &[&str] = match spec["podFailurePolicy"].is_object() {
        true => &["Failed"],
        false => &["Failed", "TerminatingOrFailed"],
    };
    let replacement = &spec["podReplacementPolicy"];
    if replacement.as_str().is_some_and(|policy| !allowed.contains(&policy)) {
        causes.push(Cause::not_supported(format!("{base}.podReplacementPolicy"), replacement, allowed));
    }
}

fn failures(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let list = items(&spec["podFailurePolicy"]["rules"]);
    too_many(list.len(), MOST_RULES, &format!("{base}.rules"), causes);
    for (i, rule) in list.iter().enumerate() {
        let place = format!("{base}.rules[{i}]");
        apply(&[("action", Check::OneOf(ACTIONS))], rule, &place, causes);
        if rule["action"] == "FailIndex" && spec["backoffLimitPerIndex"].is_null() {
            let detail = "requires the backoffLimitPerIndex to be set";
            causes.push(Cause::invalid(format!("{place}.action"), &rule["action"], detail));
        }
        let (codes, conditions) = (&rule["onExitCodes"], items(&rule["onPodConditions"]));
        if codes.is_object() {
            exit_codes(codes, &spec["template"]["spec"], &format!("{place}.onExitCodes"), causes);
        }
        let base = format!("{place}.onPodConditions");
        too_many(conditions.len(), MOST_RULES, &base, causes);
        for (j, condition) in conditions.iter().enumerate() {
            apply(CONDITION, condition, &format!("{base}[{j}]"), causes);
        }
        let told = match (codes.is_object(), conditions.is_empty()) {
            (true, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
            (false, true) => "specifying one of OnExitCodes and OnPodConditions is required",
            _ => continue,
        };
        causes.push(Cause {
            reason: "FieldValueInvalid".into(),
            message: format!("Invalid value: {told}"),
            field: place,
        });
    }
}

fn exit_codes(codes: &Value, pod: &Value, place: &str, causes: &mut Vec<Cause>) {
    apply(&[("operator", Check::OneOf(&["In", "NotIn"]))], codes, place, causes);
    let named = |list: &str| {
        items(&pod[list])
            .iter()
            .any(|container| container["name"] == codes["containerName"])
    };
    if codes["containerName"].is_string() && !named("containers") && !named("initContainers") {
        let detail = "must be one of the container or initContainer names in the pod template";
        causes.push(Cause::invalid(format!("{place}.containerName"), &codes["containerName"], detail));
    }
    let values = items(&codes["values"]);
    let field = format!("{place}.values");
    if values.is_empty() {
        causes.push(Cause::invalid(field.as_str(), &json!([]), "at least one value is required"));
    }
    too_many(values.len(), MOST_CODES, &field, causes);
    for (i, value) in values.iter().enumerate() {
        if codes["operator"] == "In" && *value == 0 {
            let detail = "must not be 0 for the In operator";
            causes.push(Cause::invalid(format!("{field}[{i}]"), value, detail));
        }
        if values[..i].contains(value) {
            causes.push(Cause::duplicate(format!("{field}[{i}]"), value));
        }
    }
    if !values.is_sorted_by_key(|value| value.as_i64()) {
        causes.push(Cause::invalid(field, &codes["values"], "must be ordered"));
    }
}

fn success_rules(rules: &Value, spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let completions = spec["completions"].as_i64().unwrap_or(0);
    let list = items(rules);
    if list.is_empty() {
        let detail = "at least one rules must be specified when the successPolicy is specified";
        causes.push(Cause::required(base, detail));
    }
    too_many(list.len(), MOST_RULES, base, causes);
    for (i, rule) in list.iter().enumerate() {
        let place = format!("{base}[{i}]");
        let (indexes, count) = (&rule["succeededIndexes"], &rule["succeededCount"]);
        if indexes.is_null() && count.is_null() {
            let detail = "at least one of succeededCount or succeededIndexes must be specified";
            causes.push(Cause::required(place.as_str(), detail));
        }
        let total = indexes.as_str().map(|list| total(list, completions));
        if let Some(Err(why)) = &total {
            let detail = format!("error parsing succeededIndexes: {why}");
            causes.push(Cause::invalid(format!("{place}.succeededIndexes"), &text(indexes).into(), &detail));
        }
        apply(&[("succeededCount", Check::NotNegative)], rule, &place, causes);
        let mut at_most = |most: i64, what: &str| {
            if count.as_i64().is_some_and(|count| count > most) {
                let detail = format!("must be less than or equal to {most} (the number of {what})");
                causes.push(Cause::invalid(format!("{place}.succeededCount"), count, &detail));
            }
        };
        at_most(completions, "specified completions");
        if let Some(total) = total {
            at_most(total.unwrap_or(0), "indexes in the specified succeededIndexes field");
        }
    }
}

/// How many indexes a list such as `1,3-5` has.
///
/// # Errors
/// What is wrong with it, in Kubernetes' words.
fn total(list: &str, completions: i64) -> Result<i64, String> {
    let number = |text: &str| {
        let number = text
            .parse::<u32>()
            .map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
        match i64::from(number) < completions {
            true => Ok(i64::from(number)),
            false => Err(format!("too large index: {text:?}")),
        }
    };
    let (mut total, mut before): (i64, Option<i64>) = (0, None);
    for part in list.split(',').filter(|_| !list.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if last.contains('-') {
            return Err(format!(
                "the fragment {part:?} violates the requirement that an index interval can have at most two parts separated by '-'"
            ));
        }
        let (first, last) = (number(first)?, number(last)?);
        if last < first || (last == first && part.contains('-')) {
            return Err(format!("non-increasing order, previous: {first}, current: {last}"));
        }
        if let Some(before) = before.filter(|before| first <= *before) {
            return Err(format!("non-increasing order, previous: {before}, current: {first}"));
        }
        total += last - first + 1;
        before = Some(last);
    }
    Ok(total)
}

fn too_many(length: usize, most: usize, place: &str, causes: &mut Vec<Cause>) {
    if length > most {
        causes.push(Cause {
            reason: "FieldValueTooMany".into(),
            message: format!("Too many: {length}: must have at most {most} items"),
            field: place.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn lines(spec: Value) -> Vec<String> {
        let mut causes = vec![];
        check(&spec, "spec", &mut causes);
        causes.iter().map(Cause::line).collect()
    }

    #[rstest]
    #[case("0,2-4", Ok(4))]
    #[case("", Ok(0))]
    #[case("3-1", Err("non-increasing order, previous: 3, current: 1"))]
    #[case("1,1", Err("non-increasing order, previous: 1, current: 1"))]
    #[case("5", Err("too large index: \"5\""))]
    #[case("a", Err("cannot convert string to integer for index: \"a\""))]
    fn index_lists(#[case] list: &str, #[case] expected: Result<i64, &str>) {
        assert_eq!(total(list, 5), expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case(json!({"successPolicy": {}}), "spec.successPolicy: Invalid value: ")]
    #[case(json!({"completionMode": "Indexed", "completions": 2, "successPolicy": {"rules": [{"succeededCount": 3}]}}),
        "spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of specified completions)")]
    #[case(json!({"podFailurePolicy": {"rules": [{"action": "FailIndex", "onPodConditions": [{"type": "X", "status": "True"}]}]}}),
        "spec.podFailurePolicy.rules[0].action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set")]
    #[case(json!({"podFailurePolicy": {"rules": [{"action": "Count"}]}}),
        "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required")]
    #[case(json!({"podFailurePolicy": {"rules": []}, "podReplacementPolicy": "TerminatingOrFailed"}),
        "spec.podReplacementPolicy: Unsupported value: \"TerminatingOrFailed\": supported values: \"Failed\"")]
    fn refusals(#[case] spec: Value, #[case] expected: &str) {
        let lines = lines(spec);
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{lines:?}");
    }
}
