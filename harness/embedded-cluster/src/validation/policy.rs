//! Disruption budgets and autoscalers.

use crate::value::Value;

use super::names;
use super::rules::{self, Check, Rule, apply, as_struct, invalid_shown, is_empty, items, quantity, text};
use crate::status::Cause;

const BUDGET: &[Rule] = &[
    ("minAvailable", Check::With(share)),
    ("maxUnavailable", Check::With(share)),
    ("selector", Check::Selector),
    ("unhealthyPodEvictionPolicy", Check::OneOf(&["AlwaysAllow", "IfHealthyBudget"])),
];

const BUDGET_FIELDS: &[(&str, &str)] = &[
    ("MinAvailable", "null"),
    ("Selector", "null"),
    ("MaxUnavailable", "null"),
    ("UnhealthyPodEvictionPolicy", "null"),
];

/// A PodDisruptionBudget.
pub(super) fn budget(budget: &Value, causes: &mut Vec<Cause>) {
    let spec = &budget["spec"];
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        let detail = "minAvailable and maxUnavailable cannot be both set";
        causes.push(invalid_shown("spec", &as_struct(spec, BUDGET_FIELDS), detail));
    }
    apply(BUDGET, spec, "spec", causes);
}

/// A count or at most all of them.
pub(super) fn share(value: &Value, place: &str, causes: &mut Vec<Cause>) {
    if value.is_null() {
        return;
    }
    apply(&[("", Check::CountOrPercent)], value, place, causes);
    let percent = text(value).strip_suffix('%').and_then(|p| p.parse::<u64>().ok());
    if percent.is_some_and(|p| p > 100) {
        causes.push(Cause::invalid(place, value, "must not be greater than 100%"));
    }
}

const TARGET: &[Rule] = &[
    ("kind", Check::RequiredText(names::path_segment)),
    ("name", Check::RequiredText(names::path_segment)),
];

/// A HorizontalPodAutoscaler.
pub(super) fn autoscaler(object: &Value, created: bool, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let (least, most) = (&spec["minReplicas"], &spec["maxReplicas"]);
    let max = most.as_i64().unwrap_or(0);
    if least.as_i64().is_some_and(|n| n < 1) {
        let detail = "must be greater than or equal to 1";
        causes.push(Cause::invalid("spec.minReplicas", least, detail));
    }
    if max < 1 {
        causes.push(Cause::required("spec.maxReplicas", "must be set and greater than 0"));
    }
    if least.as_i64().is_some_and(|n| n > max) {
        let detail = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &max.into(), detail));
    }
    let target = &spec["scaleTargetRef"];
    apply(TARGET, target, "spec.scaleTargetRef", causes);
    if created && text(&target["apiVersion"]).is_empty() {
        let detail = "apiVersion must specify API group";
        causes.push(Cause::invalid("spec.scaleTargetRef.apiVersion", &"".into(), detail));
    }
    for (i, metric) in items(&spec["metrics"]).iter().enumerate() {
        check_metric(metric, &format!("spec.metrics[{i}]"), causes);
    }
    for direction in ["scaleUp", "scaleDown"] {
        if spec["behavior"][direction].is_object() {
            behavior(&spec["behavior"][direction], &format!("spec.behavior.{direction}"), causes);
        }
    }
}

const METRICS: &[(&str, &str)] = &[
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];

fn check_metric(metric: &Value, place: &str, causes: &mut Vec<Cause>) {
    let kind = text(&metric["type"]);
    if kind.is_empty() {
        causes.push(Cause::required(format!("{place}.type"), "must specify a metric source type"));
    }
    let Some((_, field)) = METRICS.iter().find(|(name, _)| *name == kind) else {
        if !kind.is_empty() {
            let kinds: Vec<&str> = METRICS.iter().map(|(name, _)| *name).collect();
            causes.push(rules::not_one_of(&format!("{place}.type"), &metric["type"], &kinds));
        }
        return;
    };
    let source = &metric[*field];
    let place = format!("{place}.{field}");
    if !source.is_object() {
        let detail = "must populate information for the given metric source";
        causes.push(Cause::required(place, detail));
        return;
    }
    if matches!(kind, "Resource" | "ContainerResource") {
        for part in ["name", "container"] {
            if (part == "name" || kind == "ContainerResource") && text(&source[part]).is_empty() {
                let detail = if part == "name" {
                    "must specify a resource name"
                } else {
                    "must specify a container"
                };
                causes.push(Cause::required(format!("{place}.{part}"), detail));
            }
        }
    }
    let target = &source["target"];
    let place = format!("{place}.target");
    check_target(target, &place, causes);
    let (average, share) = (&target["averageValue"], &target["averageUtilization"]);
    if matches!(kind, "Resource" | "ContainerResource") {
        if average.is_null() && share.is_null() {
            let detail = "must set either a target raw value or a target utilization";
            causes.push(Cause::required(format!("{place}.averageUtilization"), detail));
        } else if !average.is_null() && !share.is_null() {
            let detail = "may not set both a target raw value and a target utilization";
            causes.push(Cause::forbidden(format!("{place}.averageValue"), detail));
        }
    }
}

fn check_target(target: &Value, place: &str, causes: &mut Vec<Cause>) {
    let kinds = &["AverageValue", "Utilization", "Value"];
    match text(&target["type"]) {
        "" => causes.push(Cause::required(format!("{place}.type"), "must specify a metric target type")),
        _ => apply(&[("type", Check::OneOf(kinds))], target, place, causes),
    }
    for field in ["value", "averageValue"] {
        if quantity(&target[field]).is_some_and(|q| q.nano <= 0) {
            causes.push(Cause::invalid(format!("{place}.{field}"), &target[field], "must be positive"));
        }
    }
    apply(&[("averageUtilization", Check::Above(0))], target, place, causes);
}

fn behavior(rules_of: &Value, place: &str, causes: &mut Vec<Cause>) {
    let window = &rules_of["stabilizationWindowSeconds"];
    let field = format!("{place}.stabilizationWindowSeconds");
    match window.as_i64() {
        Some(seconds) if seconds < 0 => {
            causes.push(Cause::invalid(field, window, "must be greater than or equal to zero"));
        }
        Some(seconds) if seconds > 3600 => {
            causes.push(Cause::invalid(field, window, "must be less than or equal to 3600"));
        }
        _ => {}
    }
    apply(
        &[("selectPolicy", Check::OneOf(&["Disabled", "Max", "Min"]))],
        rules_of,
        place,
        causes,
    );
    let policies = &rules_of["policies"];
    if is_empty(policies) {
        causes.push(Cause::required(format!("{place}.policies"), "must specify at least one Policy"));
    }
    for (i, policy) in items(policies).iter().enumerate() {
        let place = format!("{place}.policies[{i}]");
        apply(&[("type", Check::OneOf(&["Percent", "Pods"]))], policy, &place, causes);
        for field in ["value", "periodSeconds"] {
            let number = policy[field].as_i64().unwrap_or(0);
            let place = format!("{place}.{field}");
            if number <= 0 {
                causes.push(Cause::invalid(place, &number.into(), "must be greater than zero"));
            } else if field == "periodSeconds" && number > 1800 {
                causes.push(Cause::invalid(place, &number.into(), "must be less than or equal to 1800"));
            }
        }
    }
}
