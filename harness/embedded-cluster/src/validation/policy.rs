//! Disruption budgets and autoscalers.

use crate::value::Value;

use super::names;
use super::rules::{self, Check, Rule, apply, as_struct, invalid_shown, is_empty, items, quantity, text};
use crate::status::Cause;

const BUDGET: &[Rule] = &[
    ("minAvailable", Check::With(share)),
    ("maxUnavailable", Check::With(share)),
    ("selector", Check::Selector),
    ("unhealthyPodEvictionPolicy", Check::OneOfIfSet(&["AlwaysAllow", "IfHealthyBudget"])),
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
    let from_outside = items(&spec["metrics"])
        .iter()
        .any(|m| m["object"].is_object() || m["external"].is_object());
    if *least == 0 && !from_outside {
        let detail = "must specify at least one Object or External metric to support scaling to zero replicas";
        causes.push(Cause::forbidden("spec.metrics", detail));
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

/// The sources of metrics in the order in which Kubernetes looks for them.
const SOURCES: &[&str] = &["object", "external", "pods", "resource", "containerResource"];

fn check_metric(metric: &Value, place: &str, causes: &mut Vec<Cause>) {
    let kind = text(&metric["type"]);
    let known = METRICS.iter().find(|(name, _)| *name == kind).map(|(_, field)| *field);
    let unknown = || {
        let kinds: Vec<&str> = METRICS.iter().map(|(name, _)| *name).collect();
        rules::not_one_of(&format!("{place}.type"), &kind.into(), &kinds)
    };
    if kind.is_empty() {
        causes.push(Cause::required(format!("{place}.type"), "must specify a metric source type"));
    }
    if known.is_none() {
        causes.push(unknown());
    }
    let present: Vec<&str> = SOURCES.iter().copied().filter(|field| metric[*field].is_object()).collect();
    // Only the first is looked into.
    if let Some(first) = present.first() {
        check_source(first, &metric[*first], &format!("{place}.{first}"), causes);
    }
    match known {
        Some(field) if !metric[field].is_object() => {
            let detail = "must populate information for the given metric source";
            causes.push(Cause::required(format!("{place}.{field}"), detail));
        }
        Some(_) => {}
        None => causes.push(unknown()),
    }
    if present.len() != 1 {
        for other in present.iter().filter(|field| Some(**field) != known) {
            let detail = "must populate the given metric source only";
            causes.push(Cause::forbidden(format!("{place}.{other}"), detail));
        }
    }
}

fn check_source(kind: &str, source: &Value, place: &str, causes: &mut Vec<Cause>) {
    let named = |field: &str, detail: &str| {
        let missing = text(&source[field]).is_empty();
        missing.then(|| Cause::required(format!("{place}.{field}"), detail))
    };
    match kind {
        "resource" | "containerResource" => causes.extend(named("name", "must specify a resource name")),
        _ => {}
    }
    match kind {
        "containerResource" => causes.extend(named("container", "must specify a container")),
        "object" => apply(TARGET, &source["describedObject"], &format!("{place}.describedObject"), causes),
        _ => {}
    }
    if kind == "object" && !source["describedObject"].is_object() {
        for field in ["kind", "name"] {
            causes.push(Cause::required(format!("{place}.describedObject.{field}"), ""));
        }
    }
    if matches!(kind, "object" | "external" | "pods") {
        let field = format!("{place}.metric.name");
        match text(&source["metric"]["name"]) {
            "" => causes.push(Cause::required(field, "must specify a metric name")),
            name => rules::faults(&names::path_segment(name), &field, &name.into(), causes),
        }
    }
    let target = &source["target"];
    let place = format!("{place}.target");
    check_target(target, &place, causes);
    let (value, average, share) = (&target["value"], &target["averageValue"], &target["averageUtilization"]);
    let missing = |field: &str, detail: &str| Cause::required(format!("{place}.{field}"), detail);
    let both = |field: &str, detail: &str| Cause::forbidden(format!("{place}.{field}"), detail);
    match (kind, value.is_null(), average.is_null(), share.is_null()) {
        ("object", true, true, _) => causes.push(missing("averageValue", "must set either a target value or averageValue")),
        ("external", true, true, _) => causes.push(missing(
            "averageValue",
            "must set either a target value for metric or a per-pod target",
        )),
        ("external", false, false, _) => causes.push(both("value", "may not set both a target value for metric and a per-pod target")),
        ("pods", ..) if quantity(average).is_none_or(|q| q.nano <= 0) => {
            causes.push(missing("averageValue", "must specify a positive target averageValue"));
        }
        ("resource" | "containerResource", _, true, true) => causes.push(missing(
            "averageUtilization",
            "must set either a target raw value or a target utilization",
        )),
        ("resource" | "containerResource", _, false, false) => {
            causes.push(both("averageValue", "may not set both a target raw value and a target utilization"));
        }
        _ => {}
    }
}

fn check_target(target: &Value, place: &str, causes: &mut Vec<Cause>) {
    let kind = text(&target["type"]);
    if kind.is_empty() {
        causes.push(Cause::required(format!("{place}.type"), "must specify a metric target type"));
    }
    if !matches!(kind, "AverageValue" | "Utilization" | "Value") {
        let detail = "must be either Utilization, Value, or AverageValue";
        causes.push(Cause::invalid(format!("{place}.type"), &kind.into(), detail));
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
        &[("selectPolicy", Check::OneOfIfSet(&["Disabled", "Max", "Min"]))],
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
        let kinds = &["Percent", "Pods"];
        if !kinds.contains(&text(&policy["type"])) {
            causes.push(rules::not_one_of(&format!("{place}.type"), &text(&policy["type"]).into(), kinds));
        }
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
